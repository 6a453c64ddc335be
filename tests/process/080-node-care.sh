#!/bin/sh
# A node takes work when its setup went well and while its checks do; meanwhile everybody can see why not (A7).
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[[pool]]
name = "default"
nodes = 2
cpus_per_node = 1
setup = "exec '$T/setup'"
setup_timeout = "2s"
setup_tries = 2
setup_pause = "100ms"
setup_heal = "500ms"
health = "if [ -e '$T/bad.'\$MUSTER_NODE ]; then echo the fan is loud; exit 5; fi"
health_interval = "200ms"
END_OF_CONFIG
# The setup counts its runs, and fails while there is a file with this code. It hangs while there is another.
cat >setup <<END_OF_SETUP
#!/bin/sh
echo run >>"$T/runs.\$MUSTER_NODE"
echo "\$MUSTER_POOL \$MUSTER_CLUSTER \$MUSTER_NODE_DIR" >"$T/env.\$MUSTER_NODE"
if [ -e "$T/hang.\$MUSTER_NODE" ]; then
  sh -c 'trap "" TERM; echo \$\$ >>"$T/children"; exec tail -f /dev/null' &
  echo "waiting for a server"
  wait
fi
if [ -e "$T/fail.\$MUSTER_NODE" ]; then
  echo "mount: no such server"
  exit "\$(cat "$T/fail.\$MUSTER_NODE")"
fi
END_OF_SETUP
chmod +x setup
n_runs() { wc -l <"runs.$1"; }
ran_more_than() { [ "$(n_runs "$1")" -gt "$2" ]; }
all_gone() {
  while read -r child; do
    if grep -q '^State:[[:space:]]*[^Z]' "/proc/$child/status" 2>/dev/null; then return 1; fi
  done <children
}
says() { muster "$1" ${3+"$3"} | grep -Eq "$2"; }

echo 3 >fail.n1
runs 0 "the configuration makes sense" muster config check "$MUSTER_DIR/muster.toml"
cluster_up
wait_for 10 "a node whose setup works takes work" node_is n2 idle
wait_for 10 "the other does not" node_is n1 unusable
wait_for 10 "muster nodes says why" says nodes "^node n1 is unusable: its setup exited with code 3"
job=$(submit --parsable --nodelist n1 -- echo well)
runs 0 "muster why does, too" muster why "$job"
like "$T/out" "node n1 is unusable: its setup exited with code 3" "for a job that waits for the node"
runs 0 "muster node show has more" muster node show n1
like "$T/out" "\| mount: no such server" "what the setup said"
runs 0 "its log is there" muster node show n1 --log
like "$T/out" "^--- .* setup$" "each run"
wait_for 10 "it is tried again after its tries" ran_more_than n1 4
is "$(cat env.n1)" "default local $MUSTER_DIR/nodes/n1" "it knows where it is"
rm fail.n1
runs 0 "when the setup works the job runs, and nobody has started anything" timeout 10 muster wait "$job"
node_is n1 idle && ok "the node is idle" || not_ok "the node is idle"
is "$(n_runs n2)" 1 "a setup that worked is not run again"

# The next agent of the same start of the machine finds what was done.
before=$(n_runs n1)
kill -KILL "$(agent_of n1)"
runs 0 "after its agent was killed the node takes work" timeout 20 submit --wait --nodelist n1 -- true
is "$(n_runs n1)" "$before" "without another setup"

# A setup that hangs.
touch hang.n1
muster node check n1 --setup >check.out 2>&1 &
checker=$!
wait_for 10 "a setup on demand begins" ran_more_than n1 "$before"
wait_for 10 "the node takes no work meanwhile" says nodes "^node n1 is being prepared: its setup runs"
runs 0 "its agent answers meanwhile" muster logs "$job"
like "$T/out" "^well$" "with the log of a job"
status=0
wait $checker || status=$?
is "$status" 1 "the setup has failed"
like check.out "n1 is unusable: its setup did not end within 2s" "for it took too long"
like check.out "waiting for a server" "with what it said"
wait_for 10 "the next one begins" ran_more_than n1 $((before + 1))

# What a killed agent had running does not go on beside what the next one runs.
kill -KILL "$(agent_of n1)"
rm hang.n1
wait_for 20 "the next agent runs the setup again, and it works" node_is n1 idle
wait_for 10 "nothing of the earlier ones is left" all_gone

# Checks.
job=$(submit --parsable --nodelist n1 -- sh -c 'until [ -e go ]; do sleep 0.05; done')
wait_for 10 "a job runs" state_is "$job" running
touch bad.n1
wait_for 10 "a check that fails makes the node unusable" says nodes "n1 is unusable: its health check exited with code 5"
is "$(field "$job" .state)" running "what runs there runs on"
runs 1 "a check on demand says so" muster node check n1
like "$T/out" "the fan is loud" "with what it said"
rm bad.n1
runs 0 "and says when it is well" muster node check n1
like "$T/out" "n1 is fit for work" "in words"
touch go
runs 0 "the job ends well" muster wait "$job"
wait_for 10 "the node takes work again" node_is n1 idle
runs 1 "a node that is not there is not checked" muster node check n7
like "$T/err" "there is no node 'n7'" "with the reason"
like "$MUSTER_DIR/nodes/n1/agent.log" "condition .*unusable" "the agent's log has what happened"
done_testing
