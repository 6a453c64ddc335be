#!/bin/sh
# Mounts of jobs whose users are not root: below their own folder, with their own rights, and no way to more.
if [ "$(id -u)" -eq 0 ] && [ -z "${MUSTER_TEST_SPACE-}" ] && unshare -m true 2>/dev/null; then
  MUSTER_TEST_SPACE=yes exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/roots.sh"
. "$ROOT/tests/process/users.sh"

users_up ann bob
cluster_up --nodes 2 --cpus-per-node 2
printf '\n[cluster]\nusers = "all"\n' >>"$MUSTER_DIR/muster.toml"
runs 0 "a cluster for all" muster config reload
opened() { user ann muster jobs; }
wait_for 10 "has users" opened

nothing_left() {
  left=$(find "$MUSTER_DIR" -path '*.prepare/*' \( -name tmp -o -name mounts \))
  [ -z "$left" ] && ! grep -qF "$MUSTER_DIR/nodes" /proc/self/mountinfo &&
    ! pgrep -f "$MUSTER_DIR/nodes/.*/mounts/" >/dev/null
}

leave() {
  status=$?
  trap - EXIT INT TERM
  [ -z "${sshd-}" ] || kill "$sshd" 2>/dev/null
  (exit "$status")
  end_case
}
trap leave EXIT

mkdir -p home/ann/data closed/in
echo kept >home/ann/data/file
echo "for root alone" >closed/in/secret
chmod 700 closed
cp "$(command -v id)" home/ann/data/as_root
chown -R "$ann:$ann" home/ann/data
chown root home/ann/data/as_root
chmod 4755 home/ann/data/as_root
is "$(user ann ./data/as_root -u)" 0 "a program outside of a job has root's rights"

# shellcheck disable=SC2016 # the job expands it
runs 0 "a job has a directory and memory mounted" user ann submit --wait -o all.out -N 2 --ntasks-per-node=1 \
  --mount "bind:$T/home/ann/data:in" --mount "bind:$T/home/ann/data:a/read:ro" --mount tmpfs::memory:size=1M \
  --prepare 'echo $MUSTER_NODE >$MUSTER_JOB_MOUNTS/memory/word' \
  --wrap 'muster run sh -c "cd \$MUSTER_JOB_MOUNTS && echo \$(cat a/read/file memory/word; stat -c %U memory; in/as_root -un)
    ! touch a/read/x 2>/dev/null && ! head -c 2M /dev/zero 2>/dev/null >memory/x && touch in/made.\$MUSTER_NODE"'
is "$(sort home/ann/all.out)" "kept n1 mu-ann mu-ann
kept n2 mu-ann mu-ann" "as the user, who gets no rights of root's there"
is "$(cd home/ann/data && ls -d made.* | tr '\n' ' ')" "made.n1 made.n2 " "and writes where it may"
wait_for 10 "nothing is left mounted" nothing_left
is "$(cat home/ann/data/file)" kept "what was mounted is as it was"

refused() {
  runs 1 "$1 is refused" user ann submit --wait --mount "$2" --wrap 'touch started'
  is "$(field last .outcome.failure.cause)" mount "as a mount"
  field last .summary >summary
  like summary "$3" "with the reason"
}
refused "what root alone comes to" "bind:$T/closed/in:in" "user mu-ann cannot open the directory '$T/closed/in': Permission denied"
(cd closed/in && exec sleep 1000) &
sleeper=$!
refused "the same by a process that is there" "bind:/proc/$sleeper/cwd:in" "cannot open the directory"
kill "$sleeper"
refused "a directory that is not there" "bind:/nowhere:in" "cannot open the directory '/nowhere': No such file or directory"
refused "another place than the job's own" "bind:$T/home/ann/data:/usr/lib" "its target is absolute.* such as data"
refused "a file system of the kernel's" "nfs:server:/x:in" "for jobs of root alone.*by the pool"
mkdir -p home/ann/data/deep
chown "$ann" home/ann/data/deep
runs 1 "a mount in a mount is refused" user ann submit --wait --mount "bind:$T/home/ann/data:in" --mount "bind:/etc:in/deep" --wrap true
field last .summary >summary
like summary "lies in another mount" "with the reason"
# What root makes for the user while the job's mounts are there.
runs 1 "nor does a mount get to where root works" user ann submit --wait --shared-tmp --mount "bind:$MUSTER_DIR/run:in" \
  --mount "bind:/etc:in/$ann" --wrap 'muster run true'
is "$(stat -c %U /etc)" root "and root's directories stay root's"
refused "a command that fails" "command:echo no such share; false:in" "could not mount: command:.*no such share"
is "$(test -e home/ann/started || echo no)" no "none of their scripts started"
wait_for 10 "nothing is left of them" nothing_left

# Killed.
# shellcheck disable=SC2016
held=$(user ann submit --parsable --mount "bind:$T/home/ann/data:in" --wrap 'touch running; exec sleep 1000')
wait_for 10 "a job with a mount runs" test -e home/ann/running
node=$(field "$held" '.allocation.nodes[0].name')
preparation=$(launcher_of "$node" "$held.1.prepare")
is "$(cat "/proc/$preparation/task/$preparation/children")" "" "no process of root's stays with it"
mounts=$MUSTER_DIR/nodes/$node/launches/$held.1.prepare/own/mounts
runs 2 "another user does not see it" user bob ls "/proc/$preparation/root$mounts/in"
kill -KILL "$(agent_of "$node")" "$preparation" "$(launcher_of "$node" "$held.1.batch")"
wait_for 20 "fails when all that holds it is killed" state_is "$held" failed
wait_for 10 "nothing is left mounted" nothing_left
is "$(cat home/ann/data/file)" kept "what was mounted is as it was"
for node in n1 n2; do
  wait_for 10 "$node is ready for others" node_is $node idle
done

# A file system of another machine, by the machine's own program for users.
# Whose device is for all on most machines.
mknod -m 666 fuse c 10 229 2>fuse.err && mount --bind fuse /dev/fuse 2>>fuse.err
if command -v sshfs >/dev/null && [ -x /usr/sbin/sshd ] && [ -u "$(command -v fusermount3)" ] &&
  user ann sh -c ': <>/dev/fuse' 2>>fuse.err; then
  ssh-keygen -q -t ed25519 -N '' -f host_key && ssh-keygen -q -t ed25519 -N '' -f home/ann/key
  cp home/ann/key.pub authorized_keys
  chown "$ann" home/ann/key
  port=$((20000 + $$ % 9000))
  mkdir -p /run/sshd shared
  echo far >shared/file
  /usr/sbin/sshd -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -h "$T/host_key" -o StrictModes=no \
    -o AuthorizedKeysFile="$T/authorized_keys" -o PidFile=none -o UsePAM=no -o PermitRootLogin=yes \
    -o Subsystem="sftp internal-sftp" 2>sshd.err &
  sshd=$!
  wait_for 10 "a server of files listens" grep -q "listening" sshd.err
  far="sshfs:root@127.0.0.1:$T/shared:far:key=$T/home/ann/key,port=$port,o=StrictHostKeyChecking=no,o=UserKnownHostsFile=/dev/null"
  # shellcheck disable=SC2016
  runs 0 "a folder of its machine is mounted over the network" user ann submit --wait -o far.out --mount "$far" \
    --mount "bind:$T/home/ann/data:in" --wrap 'cd $MUSTER_JOB_MOUNTS && cat far/file in/file'
  is "$(cat home/ann/far.out)" "far
kept" "the job reads it"
  wait_for 10 "nothing is left of it" nothing_left
  if command -v bwrap >/dev/null && unshare -Um true 2>/dev/null; then
    make_root root cat sh
    # shellcheck disable=SC2016
    runs 0 "and in a container" user ann submit --wait -o image.out --image "$T/root" --mount "$far" \
      --mount "bind:$T/home/ann/data:in" --wrap 'cat $MUSTER_JOB_MOUNTS/far/file $MUSTER_JOB_MOUNTS/in/file'
    is "$(cat home/ann/image.out)" "far
kept" "the job reads it"
    wait_for 10 "nothing is left of it" nothing_left
  fi
else
  ok "a folder of another machine # SKIP sshfs, sshd, fusermount3 or /dev/fuse is not there: $(cat fuse.err)"
fi
done_testing
