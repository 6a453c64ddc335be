#!/bin/sh
# muster doctor: what is well, which nodes are left out and why, and what it refuses.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 3 --cpus-per-node 2

runs 0 "of a pool where all is well" muster doctor
like "$T/out" "^n3 .* s +[0-9]" "each node is shown"
like "$T/out" "^n3 -> n1 +[0-9.]+ ms +[0-9.]+[KMGT]?/s" "and each link of the ring"
like "$T/out" "^A token went round all nodes" "a sum was made"
like "$T/out" "^All ranks met through their launchers" "and the ranks met as those of MPI do"
like "$T/out" "^All is well: 3 nodes, 3 links" "and that is the verdict"

runs 0 "a node is drained" muster reserve --nodes n2 --duration 1h --maintenance repair
busy=$(submit --parsable -w n3 -n 2 -- sleep 1000)
wait_for 20 "another is busy" state_is "$busy" running
runs 0 "the rest is looked at" muster doctor --json
is "$(jq -r '[.nodes[].node] | join(" ")' "$T/out")" n1 "without them"
is "$(jq -r '.left_out[0].node + " " + .left_out[0].why' "$T/out")" "n2 drained for maintenance 'repair'" \
  "the one is named with why"
is "$(jq -r '.left_out[1].node + " " + .left_out[1].why' "$T/out")" "n3 busy: all 2 cores in use by job $busy" \
  "and the other"
runs 1 "a busy node that is asked for is waited for" muster doctor -w n1,n3 --wait 1s
like "$T/err" "job [0-9]+ waits: needs 2 nodes .* in use by job $busy" "it says why it waits"
like "$T/err" "did not start within 1s \(--wait\)" "and gives up in time"
wait_for 20 "without a job that stays" state_is last cancelled

muster doctor -w n3 >doctor.out 2>&1 &
doctor=$!
wait_for 20 "it waits again" grep -q "waits:" doctor.out
kill -TERM $doctor
wait $doctor
is $? 143 "a signal ends it"
wait_for 20 "with its job" state_is last cancelled

runs 1 "a pool that is not there is refused" muster doctor --pool nonsense
like "$T/err" "no node is in a pool 'nonsense'; pools with nodes: default" "with those that are"
runs 1 "and a node that is not there" muster doctor -w n1,n9
like "$T/err" "there is no node 'n9'" "by name"
runs 1 "and more nodes than can be had" muster doctor -N 3
like "$T/err" "1 node can be looked at now, 3 wanted; n2 is drained .*; n3 is busy" "with what stands before it"
runs 2 "muster-doctor outside of a step says where it belongs" env -u WORLD_SIZE muster-doctor
like "$T/err" "start it as a step: muster run" "and how it is started"

done_testing
