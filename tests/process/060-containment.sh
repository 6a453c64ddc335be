#!/bin/sh
# Control groups around what jobs start: nothing of it outlives them, also when their keepers are killed.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 1
muster nodes --features --json >nodes.json
groups=$(jq -r '.nodes[0].info.containment' nodes.json)
note "containment here: $groups"
case $groups in
v[12]*) ;;
*) skip_all "no control groups can be made here: $groups" ;;
esac
like "$MUSTER_DIR/nodes/n1/agent.log" "containment groups=" "the agent's log says which containment is in force"

# Three daemons, each in a session of its own, without parent and environment, deaf to TERM.
cat >daemons.sh <<'EOF'
#!/bin/sh
for i in 1 2 3; do
  (setsid setsid env -i sh -c 'trap "" TERM; echo $$ >>"$1"; sleep 1000' deaf "$T/daemons" &)
done
until [ "$(wc -l <"$T/daemons")" -eq 3 ]; do sleep 0.02; done
eval "$1"
EOF
chmod +x daemons.sh
export T

alive() {
  while read -r pid; do
    case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null) in
    '' | Z*) ;;
    *) echo "$pid lives" ;;
    esac
  done <"$T/daemons"
}
none_alive() {
  [ -z "$(alive)" ]
}
# Groups of launches of this node; their names end with the attempt and the launch.
node_groups() {
  find /sys/fs/cgroup -type d -path "*/muster/n1-$1/*"
}
no_groups() {
  [ -z "$(node_groups "$number")" ]
}
number=$(grep -aoh "muster/n1-[0-9a-f]*" /proc/*/cmdline 2>/dev/null | head -n 1)
launcher() {
  cut -d ' ' -f 1 "$MUSTER_DIR/nodes/n1/launches/$1.1.batch/pid"
}

runs 0 "a job that leaves daemons ends" submit --wait ./daemons.sh true
is "$(alive)" "" "and none of them is left"

rm -f daemons
job=$(submit --parsable ./daemons.sh 'sleep 1000')
wait_for 20 "a job has daemons" sh -c "[ \"\$(wc -l <'$T/daemons' 2>/dev/null)\" = 3 ]"
number=$(sed -n 's|.*/muster/n1-\([0-9a-f]*\)/.*|\1|p' "$MUSTER_DIR/nodes/n1/launches/$job.1.batch/groups" | head -n 1)
is "$(node_groups "$number" | grep -c "/$job.1$")" \
  "$(grep -c '^shared' "$MUSTER_DIR/nodes/n1/launches/$job.1.batch/groups")" "its groups are there"
kill -KILL "$(launcher "$job")"
runs 137 "when its launcher is killed it ends" muster wait "$job"
wait_for 20 "and no process of it is left" none_alive
wait_for 20 "and no group" no_groups

rm -f daemons
job=$(submit --parsable ./daemons.sh 'sleep 1000')
wait_for 20 "another has daemons" sh -c "[ \"\$(wc -l <'$T/daemons' 2>/dev/null)\" = 3 ]"
kill -KILL "$(cat "$MUSTER_DIR/nodes/n1/agent.lock")" "$(launcher "$job")"
runs 137 "when its agent and its launcher are killed it ends" muster wait "$job"
wait_for 20 "and no process is left of that one" none_alive
wait_for 20 "and no group of it" no_groups

# A launch that lives on under a new agent keeps its group.
rm -f daemons
# shellcheck disable=SC2016 # the job expands it
job=$(submit --parsable ./daemons.sh 'until test -e "$T/go"; do sleep 0.05; done')
wait_for 20 "a third has daemons" sh -c "[ \"\$(wc -l <'$T/daemons' 2>/dev/null)\" = 3 ]"
agent=$(cat "$MUSTER_DIR/nodes/n1/agent.lock")
kill -KILL "$agent"
wait_for 20 "a new agent comes" sh -c "grep -c ' agent_started' '$MUSTER_DIR/nodes/n1/agent.log' | grep -qx 3"
is "$(alive | wc -l)" 3 "which leaves a job alone that runs on"
touch go
runs 0 "that ends well" muster wait "$job"
wait_for 20 "with all its daemons" none_alive
wait_for 20 "and its groups" no_groups

# Steps that follow each other closely meet in the group of their attempt.
# shellcheck disable=SC2016 # the job expands it
runs 0 "twenty steps on two nodes" submit --wait -N 2 -n 2 --mem=100M --output=steps.out --wrap \
  'for i in $(seq 20); do muster run -n 2 cat /proc/self/cgroup || exit 1; done'
is "$(grep -c "/muster/n[12]-[0-9a-f]*/5.1/5.1.[0-9]*$" steps.out)" \
  "$((40 * $(printf '%s\n' "$groups" | grep -o 'kill\|memory\|cores\|GPUs' | sort -u | wc -l)))" \
  "have groups of their own, all of them"
wait_for 20 "which are gone after it" no_groups
is "$(cat "$MUSTER_DIR"/nodes/n*/launches/*/launcher.log 2>/dev/null | grep -c 'control groups')" 0 "with nothing to note"

runs 0 "down" muster down
is "$(find /sys/fs/cgroup -type d -name "n1-$number")" "" "the node's own group is gone too"

sed -i 's/^gpus_per_node.*/&\ncontainment = "off"/' "$MUSTER_DIR/muster.toml"
runs 0 "a cluster without control groups" muster up
runs 0 "runs jobs as well" submit --wait --output=own.out --wrap 'cat /proc/self/cgroup'
unlike own.out "muster/n1-" "outside of any"
cat >saves.sh <<'END'
#!/bin/sh
trap 'seq 300000 >/dev/null; echo saved >"$1"; exit 0' TERM
echo ready >"$1"
while :; do :; done
END
chmod +x saves.sh
id=$(submit --parsable -n 2 -o end.out --wrap "muster run sh -c './saves.sh rank.\$MUSTER_RANK; true' & setsid ./saves.sh apart & ./saves.sh script; true")
for file in rank.0 rank.1 apart script; do
  wait_for 20 "$file runs" test -e "$file"
done
muster cancel "$id"
wait_for 20 "a job is cancelled" state_is "$id" cancelled
is "$(cat rank.0 rank.1 apart script | tr '\n' ' ')" "saved saved saved saved " \
  "and what shells have started has had time to save its work"

done_testing
