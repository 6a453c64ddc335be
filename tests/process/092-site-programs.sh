#!/bin/sh
# The site's prolog goes before all of a job on each of its nodes, and its epilog after that, whatever dies meanwhile.
# Where one of them fails the node is drained; a job whose prolog fails starts elsewhere, or is held.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[scheduler]
requeue_backoff = "0s"
kill_grace = "1s"

[[pool]]
name = "default"
nodes = 3
cpus_per_node = 1
prolog = "exec '$T/program' prolog"
prolog_timeout = "4s"
epilog = "exec '$T/program' epilog"
epilog_timeout = "30s"
END_OF_CONFIG
# It does what files say: WHICH-fails always, WHICH-fails-once and WHICH-hangs-once on the first node, WHICH-waits.
cat >program <<END_OF_PROGRAM
#!/bin/sh
cd "$T"
echo "\$1 \$MUSTER_JOB_ID.\$MUSTER_ATTEMPT \$MUSTER_NODE" >>order
env >"env.\$1"
until [ ! -e "\$1-waits" ]; do sleep 0.05; done
if rm "\$1-hangs-once" 2>/dev/null; then
  echo "\$MUSTER_NODE" >where
  echo "waiting for a server"
  tail -f /dev/null
fi
if rm "\$1-fails-once" 2>/dev/null || [ -e "\$1-fails" ]; then
  echo "\$MUSTER_NODE" >where
  echo "looking"
  echo "no scratch disk"
  exit 3
fi
END_OF_PROGRAM
chmod +x program
n_of() { grep -c -e "$1" order; }
has() { grep -q -e "$1" order; }
drained() { muster nodes --json | jq -r '.nodes[] | select(.state == "drained") | .info.name'; }
all_idle() { [ "$(muster nodes --json | jq -r '.nodes[].state' | sort -u)" = idle ]; }
heal() {
  drained | while read -r node; do muster resume "$node" || exit 1; done
  wait_for 10 "after muster resume all nodes take work" all_idle
}

cluster_up
wait_for 10 "the nodes are there" all_idle

# Order and environment.
FORGED=yes runs 0 "a job on two nodes" submit --wait -N 2 --ntasks-per-node=1 --wrap \
  "echo script >>$T/order; muster run sh -c 'echo rank >>$T/order'"
is "$(cut -d ' ' -f 1,2 order)" "prolog 1.1
prolog 1.1
script
rank
rank
epilog 1.1
epilog 1.1" "has the prolog of all nodes before all else, and their epilogs after it"
is "$(grep prolog order | sort -u | wc -l)" 2 "one a node"
like env.prolog "^MUSTER_JOB_USER=$(id -un)\$" "it knows whose job it is"
like env.prolog "^MUSTER_JOB_UID=$(id -u)\$" "by number, too"
like env.prolog "^MUSTER_CORES=0\$" "and what it has there"
like env.prolog "^MUSTER_POOL=default\$" "and where"
unlike env.prolog "^FORGED=" "nothing is the user's"
unlike env.epilog "^FORGED=" "nor afterwards"

# A prolog that fails.
touch prolog-fails-once
job=$(submit --parsable --no-requeue --wrap 'echo "attempt $MUSTER_ATTEMPT"')
runs 0 "a job whose prolog fails starts again" timeout 20 muster wait "$job"
is "$(muster logs "$job")" "attempt 2" "as its second attempt"
node=$(cat where)
is "$(drained)" "$node" "the node is drained"
has "^epilog $job.1 $node$" && ok "after its epilog" || not_ok "after its epilog"
runs 0 "people can see why" muster node show "$node"
like "$T/out" "prolog of job $job failed: exited with code 3: no scratch disk" "in its own last words"
runs 0 "the rest is in the node's log" muster node show "$node" --log
like "$T/out" "^looking$" "all of it"
runs 0 "the job knows it" muster show "$job"
like "$T/out" "the prolog on $node failed: exited with code 3: no scratch disk" "of its first attempt"
heal

touch prolog-hangs-once
runs 0 "one whose prolog hangs starts again" timeout 20 submit --wait -- true
runs 0 "and the node is drained" muster node show "$(cat where)"
like "$T/out" "failed: did not end within 4s: waiting for a server" "for that"
heal

touch prolog-fails
job=$(submit --parsable -- true)
is_held() { [ "$(field "$job" .reason.kind)" = held ]; }
wait_for 20 "a job whose prolog fails everywhere is held" is_held
is "$(drained | wc -l)" 2 "before it has all nodes drained"
runs 0 "muster why says so" muster why "$job"
like "$T/out" "[Hh]eld by musterd: it could not start in 3 attempts, at last because the prolog on n[1-3] failed" "with the reason"
rm prolog-fails
heal
runs 0 "it is released" muster release "$job"
runs 0 "and ends well" timeout 20 muster wait "$job"

# An epilog that fails.
touch epilog-fails-once
runs 0 "a job whose epilog fails has ended well" timeout 20 submit --wait -- true
is "$(drained)" "$(cat where)" "its node is drained"
runs 0 "people can see why" muster nodes
like "$T/out" "epilog of job .* failed: exited with code 3: no scratch disk" "that, too"
heal

# Whatever is killed, the epilog is run, and what the job had is nobody's before.
touch epilog-waits
job=$(submit --parsable --nodelist n1 --wrap "until [ -e $T/go ]; do sleep 0.05; done")
wait_for 10 "a job runs" state_is "$job" running
kill -KILL "$(agent_of n1)"
kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
touch go
cluster_up
wait_for 20 "its epilog begins after its agent and the controller were killed" has "^epilog $job.1 n1$"
next=$(submit --parsable --nodelist n1 -- true)
kill -KILL "$(agent_of n1)"
epilog_again() { [ "$(n_of "^epilog $job.1 n1$")" -eq 2 ]; }
wait_for 20 "it is run again when the agent is killed meanwhile" epilog_again
has "^prolog $next" && not_ok "the next job waits for it" || ok "the next job waits for it"
rm epilog-waits
runs 0 "then the job has ended well" timeout 20 muster wait "$job"
runs 0 "and the next one runs" timeout 20 muster wait "$next"

# An agent that is only told to end lets what runs end.
touch epilog-waits
job=$(submit --parsable --nodelist n1 -- true)
wait_for 20 "another epilog begins" has "^epilog $job.1 n1$"
agent=$(agent_of n1)
kill -TERM "$agent"
rm epilog-waits
is_gone() { ! kill -0 "$1" 2>/dev/null; }
wait_for 10 "its agent ends" is_gone "$agent"
runs 0 "its job has ended well" timeout 20 muster wait "$job"
is "$(n_of "^epilog $job.1 n1$")" 1 "and its epilog was run once"

touch prolog-waits
before=$(n_of "^prolog")
job=$(submit --parsable --nodelist n2 -- true)
begun() { [ "$(n_of "^prolog")" -gt "$1" ]; }
wait_for 10 "a prolog begins" begun "$before"
kill -KILL "$(agent_of n2)"
wait_for 10 "the next agent runs it again" begun $((before + 1))
rm prolog-waits
runs 0 "and the job after it" timeout 20 muster wait "$job"

job=$(submit --parsable --nodelist n3 --wrap "trap '' TERM; until false; do date >>$T/alive; sleep 0.05; done")
wait_for 10 "another job runs" state_is "$job" running
kill -KILL "$(launcher_of n3 "$job.1.prepare")"
runs 137 "one that loses what holds its node fails" timeout 20 muster wait "$job"
like "$T/err" "the preparation on n3 failed: it lost its launcher" "with that as the reason"
has "^epilog $job.1 n3$" && ok "its epilog is run" || not_ok "its epilog is run"
[ alive -ot env.epilog ] && ok "after the end of its script" || not_ok "after the end of its script"
done_testing
