#!/bin/sh
# Jobs of three users on nodes whose agents are root's: each runs as its user, with that user's groups, and none sees,
# signals, reads or joins another's. Tricks with paths come to nothing.
if [ "$(id -u)" -eq 0 ] && [ -z "${MUSTER_TEST_SPACE-}" ] && unshare -m true 2>/dev/null; then
  MUSTER_TEST_SPACE=yes exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/roots.sh"
. "$ROOT/tests/process/users.sh"

users_up ann bob cat
echo "for root alone" >secret
chmod 600 secret
# Of the processes of a launch and its launcher: users other than the given one.
strangers() {
  for process in $(launcher_of "$1" "$2") $(cd /proc && grep -ls "MUSTER_LAUNCH_ID=$2[.]" [0-9]*/environ | cut -d / -f 1); do
    user=$(user_of "$process" 2>gone) && [ -n "$user" ] || continue
    [ "$user" = "$(only "$3")" ] || echo "$process: $user"
  done
}

unset HOME  # services have none
cluster_up --nodes 2 --cpus-per-node 2
runs 3 "a cluster of root's own has no others" user ann muster jobs
printf '\n[cluster]\nusers = "all"\n' >>"$MUSTER_DIR/muster.toml"
runs 0 "it is opened to all users" muster config reload
opened() { user ann muster jobs; }
wait_for 10 "who are heard then" opened
is "$(stat -c %a "$MUSTER_DIR" "$MUSTER_DIR/run" "$MUSTER_DIR/nodes" "$MUSTER_DIR/nodes/n1" | sort -u)" 711 \
  "and come to what they know by name"
runs 1 "but do not end it" user ann muster down
for file in journal.db key muster.toml agents.sock log/musterd.log nodes/n1/agent.log; do
  user bob test -r "$MUSTER_DIR/$file" && echo "$file"
done >readable
is "$(cat readable)" "" "nor read what is the cluster's"

cat >home/ann/job.sh <<'END2'
#!/bin/sh
id -un
id -Gn
echo "$HOME $USER $LOGNAME $SHELL"
touch "$MUSTER_CHECKPOINT_FILE" here
END2
runs 0 "a script of a user's" user ann submit --wait -o job.out job.sh
is "$(cat home/ann/job.out)" "mu-ann
mu-ann mu-crew
$T/home/ann mu-ann mu-ann /bin/sh" "runs as that user, with all groups and the home"
is "$(stat -c '%U %G' home/ann/job.out home/ann/here | sort -u)" "mu-ann mu-ann" "and its files are the user's"
is "$(user ann muster logs 1 | head -n 1)" mu-ann "who reads its log"
runs 0 "root's job" submit --wait -o root.out -- id -un
is "$(cat root.out)" root "is root's"

# shellcheck disable=SC2016 # the job expands it
runs 0 "a job that is prepared" user bob submit --wait -o prepared.out -N 2 --ntasks-per-node=1 --shared-tmp --job-tmp \
  --prepare 'id -un >$MUSTER_JOB_TMP/me; id -un >$MUSTER_SHARED_TMP/$MUSTER_NODE' \
  --wrap 'cat $MUSTER_JOB_TMP/me $MUSTER_SHARED_TMP/*; stat -c %U $MUSTER_SHARED_TMP'
is "$(sort -u home/bob/prepared.out)" mu-bob "is prepared as its user"
no_folders() { ! find "$MUSTER_DIR" \( -name tmp -o -name 'tmp-*' \) | grep .; }
wait_for 10 "nothing of that is left" no_folders

# A step on both nodes, that stays. Libraries of its launchers would stay, too, at settings of the user's.
mkdir home/ann/.pmix
mkfifo home/ann/.pmix/mca-params.conf
chown -R "$ann" home/ann/.pmix
cat >home/ann/rank.sh <<'END2'
#!/bin/sh
echo "$(id -un) $MUSTER_NODE"
until [ -e enough ]; do sleep 0.05; done
END2
chmod +x home/ann/rank.sh
step=$(user ann submit --parsable -N 2 --ntasks-per-node=1 -o step.out --wrap 'muster run ./rank.sh')
both_there() { cat home/ann/step.out && [ "$(grep -c '^mu-ann n[12]$' home/ann/step.out)" = 2 ]; }
wait_for 20 "a step of a user's runs on both nodes" both_there
for node in n1 n2; do
  is "$(user_of "$(launcher_of $node "$step.1.0")")" "$(only "$ann")" "its launcher on $node, with the PMIx server, is the user's"
  is "$(strangers $node "$step.1.0" "$ann")" "" "and so is all that it has started"
done
is "$(strangers n1 "$step.1.batch" "$ann")" "" "and of its script"
launcher=$(launcher_of n1 "$step.1.0")
rank=$(process_with "MUSTER_LAUNCH_ID=$(cat "$MUSTER_DIR/nodes/n1/launches/$step.1.0/launch_id")")
for process in $launcher $rank; do
  runs 1 "another user does not signal it" user bob kill -0 "$process"
  runs 1 "nor read its environment" user bob cat "/proc/$process/environ"
done
runs 2 "not even its own user looks into a launcher" user ann ls "/proc/$launcher/fd"
runs 1 "another user does not cancel it" user bob muster cancel "$step"
like err "belongs to mu-ann" "and is told whose it is"
runs 1 "nor reads its log" user bob muster logs "$step"
runs 1 "nor starts something in it" user bob muster exec "$step" id
runs 1 "nor a step of it" user bob muster run --job "$step" id
runs 2 "nor comes to the socket of its head" user bob ls "$MUSTER_DIR/run/$ann"
runs 2 "nor to its files" user bob ls "$MUSTER_DIR/nodes/n1/launches/$step.1.0/own"
runs 2 "nor lists what launches there are" user bob ls "$MUSTER_DIR/nodes/n1/launches"
runs 0 "its user starts something in it" user ann muster exec "$step" id -un
is "$(cat out)" mu-ann "as that user"
runs 0 "likewise beside" user cat submit --wait -o cat.out -- id -un
is "$(cat home/cat/cat.out)" mu-cat "runs the job of a third one"
kill -KILL "$(agent_of n1)"
touch home/ann/enough
runs 0 "the step, whose agent is killed, ends well" user ann muster wait "$step"
rm -r home/ann/.pmix
if [ -x bin/mpi_program ]; then
  runs 0 "an MPI program of a user's" user ann submit --wait -o mpi.out -N 2 --ntasks-per-node=1 --wrap "muster run $T/bin/mpi_program ring"
  like home/ann/mpi.out "^ring 2$" "is one world on two nodes"
fi

# Tricks. What is at the paths is the user's, and root goes there.
mkdir home/bob/kept keep
touch home/bob/kept/file keep/file
chmod 755 home/bob
setsid sleep 1000 &
sleeper=$!
cat >home/ann/tricks.sh <<'END2'
#!/bin/sh
own=${MUSTER_CHECKPOINT_FILE%/*}
cd "$own" || exit 1
ln -sf "$T/secret" log.99
rm -f log launcher.log checkpoint sessions
mkfifo launcher.log
ln -s "$T/secret" log
ln -s "$T/secret" checkpoint
echo "$SLEEPER" >sessions
echo "$T/keep" >session_dir
printf '%s\n' "$T/keep" "$T/home/bob/kept" "$own/../order" >folders
case $1 in
  fifo) mkfifo report ;;
  link) ln -s "$T/secret" report ;;
  folder) mkdir -p report/a; chmod 0 report ;;
  old) ln "$T/home/ann/old.report" report ;;
esac
mv ../order ../stolen 2>/dev/null && echo "moved the order" >"$T/home/ann/stolen"
touch ../acknowledged 2>/dev/null && echo "acknowledged" >"$T/home/ann/stolen"
sleep 1000 &
kill -KILL "$PPID"
sleep 1000
END2
echo "no report" >home/ann/old.report
chown "$ann" home/ann/old.report
export SLEEPER=$sleeper
for trick in fifo link folder old; do
  runs 137 "a job kills its launcher and leaves a report that is: $trick" user ann submit --wait tricks.sh $trick
  id=$(field last .job)
  is "$(field "$id" .outcome.failure.cause)" launcher_lost "it has no report"
  user ann muster logs "$id" >log 2>&1
  unlike log "for root" "its log is not what it points to"
  no_more() { ! grep -lsz "^MUSTER_JOB_ID=$id\$" /proc/[0-9]*/environ; }
  wait_for 5 "nothing of it runs on" no_more
done
is "$(cat home/ann/stolen 2>/dev/null)" "" "what is the agent's has not been changed"
is "$(ls keep home/bob/kept | tr '\n' ' ')" "home/bob/kept: file  keep: file " "what is root's or another user's is all there"
is "$(kill -0 "$sleeper" && echo lives)" lives "what is root's runs on"
kill "$sleeper"
echo theirs >home/bob/theirs
chown "$bob" home/bob/theirs
id=$(user ann submit --parsable --hold -o link.out -- echo mine)
ln -s "$T/home/bob/theirs" home/ann/link.out
runs 0 "output through a link to another user's file" user ann muster release "$id"
runs 127 "has the job fail" user ann muster wait "$id"
is "$(cat home/bob/theirs)" theirs "which stays as it was"
# shellcheck disable=SC2016
runs 0 "a job puts a link in the place of its directory" user ann submit --wait --job-tmp \
  --wrap 'rmdir $MUSTER_JOB_TMP && ln -s $T/home/bob/kept $MUSTER_JOB_TMP'
wait_for 10 "which is removed" no_folders
is "$(ls home/bob/kept)" file "and not what it points to"
for node in n1 n2; do
  wait_for 5 "$node is ready for others" node_is $node idle
done
runs 0 "whose jobs run" user bob submit --wait -N 2 -- true

# In an image.
if command -v bwrap >/dev/null && unshare -Um true 2>/dev/null; then
  make_root root cat id sleep
  # shellcheck disable=SC2016 # the job expands it
  runs 0 "a job of a user's in an image" user ann submit --wait -o inside.out -N 2 --ntasks-per-node=1 --image "$T/root" \
    --prepare 'id -un >/etc/prepared' --wrap 'muster run sh -c "cat /etc/mark /etc/prepared && id -u"'
  is "$(sort -u home/ann/inside.out | tr '\n' ' ')" "$ann mu-ann only here " "sees that alone, as its user"
  is "$(stat -c %U home/ann/inside.out)" mu-ann "and its files are the user's"
  id=$(user ann submit --parsable --image "$T/root" --wrap ': >begun; exec sleep 1000')
  wait_for 10 "another one runs" test -e home/ann/begun
  node=$(field "$id" '.allocation.nodes[0].name')
  for launch in batch prepare; do
    runs 1 "its launchers are closed to the user ($launch)" user ann cat "/proc/$(launcher_of "$node" "$id.1.$launch")/environ"
  done
  runs 0 "it is cancelled" user ann muster cancel "$id"
  runs 143 "and ends" user ann muster wait "$id"
  wait_for 10 "nothing is left of it" sh -c "! find '$MUSTER_DIR' -name container | grep . &&
    ! grep -F '$MUSTER_DIR/nodes' /proc/self/mountinfo"
fi

# Killed.
id=$(user cat submit --parsable --job-tmp --wrap 'setsid sleep 1000 & sleep 1000')
wait_for 10 "a job runs" state_is "$id" running
node=$(field "$id" '.allocation.nodes[0].name')
kill -KILL "$(agent_of "$node")" "$(launcher_of "$node" "$id.1.batch")"
wait_for 20 "it fails with its launcher" state_is "$id" failed
wait_for 10 "and nothing runs on" no_more
wait_for 10 "nor is anything left of its directories" no_folders
wait_for 10 "nor of its groups" sh -c "! find /sys/fs/cgroup -type d -name '$id.1*' | grep ."

# Accounts that nodes do not have, or have otherwise.
grep -v mu-cat passwd >passwd.new
cat passwd.new >/etc/passwd
runs 127 "a user whom the node does not know" user cat submit --wait -- id
field last .summary >summary
like summary "on n[12] .*there is no user $cat \(mu-cat\)" "is named, with the node"
echo "mu-dog:x:$cat:$cat::/:/bin/sh" >>/etc/passwd
runs 127 "a user of another name there" user cat submit --wait -- id
field last .summary >summary
like summary "user $cat is 'mu-dog' here, and 'mu-cat' where the job was submitted" "too"
done_testing
