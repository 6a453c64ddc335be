#!/bin/sh
# Pools by hand: nodes that go, and what becomes of their jobs.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END_OF_CONFIG'
[[pool]]
name = "work"
min_nodes = 1
max_nodes = 3
cpus_per_node = 1
idle_timeout = "1h"

[[pool]]
name = "spare"
nodes = 1
cpus_per_node = 1
END_OF_CONFIG
cluster_up

wanted_is() {
  [ "$(muster pools --json | jq -r '.pools[] | select(.pool == "work") | "\(.wanted) \(.idle) \(.busy) \(.leaving)"')" = "$1" ]
}

runs 0 "a pool is scaled by hand" muster pool work scale 3
wait_for 10 "to so many nodes" wanted_is "3 3 0 0"
old=$(submit --parsable -p work -- sleep 1000)
wait_for 10 "a job runs" state_is "$old" running
new=$(submit --parsable -p work -- sleep 1000)
wait_for 10 "another one runs" state_is "$new" running

runs 0 "two nodes are enough" muster pool work scale 2
wait_for 10 "the idle one goes" wanted_is "2 0 2 0"

runs 0 "one is enough, and its job is to wait again" muster pool work scale 1 --when-busy requeue
wait_for 10 "the node of the younger job goes" wanted_is "1 0 1 0"
is "$(field "$old" .state)" running "the older one runs on"
wait_for 10 "the younger one waits" state_is "$new" waiting
is "$(field "$new" '.earlier[0].why.cause')" preempted "it was ended for that"
like "$MUSTER_DIR/log/musterd.log" "pool_changed .*pool=work" "the log has it"

runs 0 "two nodes again" muster pool work scale 2
wait_for 10 "the job starts again" state_is "$new" running
runs 0 "one node less, its job ended for good" muster pool work scale 1 --when-busy terminate
wait_for 10 "the job is cancelled" state_is "$new" cancelled
wait_for 10 "and its node gone" wanted_is "1 0 1 0"

runs 0 "no node, when the job has ended" muster pool work scale 0 --when-busy wait
wait_for 10 "its node drains" wanted_is "0 0 0 1"
is "$(field "$old" .state)" running "while the job runs on"
runs 0 "muster nodes says so" muster nodes
like "$T/out" "work +draining" "by its state"
waiting=$(submit --parsable -p work -- true)
wait_for 10 "no job starts there" sh -c "muster why $waiting | grep -q 'needs 1 node'"
muster cancel "$old" >/dev/null
wait_for 10 "the node goes when its job has ended" wanted_is "0 0 0 0"
runs 0 "as configured again" muster pool work --auto
runs 0 "the job that waited runs" muster wait "$waiting"

# A pool whose nodes cannot be made: a file is where their folder should be.
muster pool work scale 0
wait_for 10 "its node goes" wanted_is "0 0 0 0"
for node in work-n1 work-n2 work-n3; do
  rm -rf "$MUSTER_DIR/nodes/$node"
  touch "$MUSTER_DIR/nodes/$node"
done
muster pool work --auto --idle-timeout 1h
waiting=$(submit --parsable -p work -- true)
wait_for 10 "a pool without nodes says why" sh -c "muster pools | grep -q '^work cannot get nodes: .*work-n1'"
runs 0 "so does muster why" muster why "$waiting"
like "$T/out" "pool work cannot get nodes: .*tries again" "with what comes next"
rm "$MUSTER_DIR"/nodes/work-n[123]
runs 0 "it can be told to try again" muster pool work resume
runs 0 "and then it does" muster wait "$waiting"
unlike "$T/out" "cannot get nodes" "with no complaint left"

runs 1 "an unknown pool is refused" muster pool wrok scale 1
like "$T/err" "did you mean 'work'|there is no pool 'wrok'" "with the nearest"
runs 2 "so is half a command" muster pool work scale
runs 2 "or bounds beside a number" muster pool work scale 1 --max 2
runs 1 "or the fewest above the most" muster pool work --min 3 --max 1
like "$T/err" "would have at least 3 nodes and at most 1" "with both"

done_testing
