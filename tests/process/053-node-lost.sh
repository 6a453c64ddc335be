#!/bin/sh
# A node goes silent in the middle of a step of four nodes, its launcher and ranks with it: the ranks of the next attempt
# run on the three that are left and a spare one soon after the loss is known, whoever waits, and what comes back late
# is ended. A job with an open number of nodes goes on with fewer.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END'
[scheduler]
heartbeat = "200ms"
node_timeout = "1s"
requeue_backoff = "0s"

[[pool]]
name = "default"
nodes = 5
cpus_per_node = 1
END
cluster_up

# Each rank says when it runs in which attempt, and works until it is told that it is enough.
cat >rank.sh <<'END'
echo "$MUSTER_ATTEMPT $MUSTER_RANK $MUSTER_NODE $(date +%s%N)" >>"$T/ranks"
until [ -e "$T/enough" ]; do sleep 0.05; done
END
cat >job.sh <<'END'
#!/bin/sh
muster run sh "$T/rank.sh"
END
export T
ranks_run() { [ "$(grep -c "^$1 " ranks)" = 4 ]; }

job=$(submit --parsable -N 4 -n 4 job.sh)
wait_for 20 "four ranks run on four nodes" ranks_run 1
waiting=$(submit --parsable -N 2 -- true)
silence n3 "$job.1.0"
wait_for 20 "the loss of the node is noticed" node_is n3 lost
wait_for 20 "four ranks run again" ranks_run 2
is "$(field "$job" '[.allocation.nodes[].name] | join(",")')" n1,n2,n4,n5 "on those that are left, and the spare one"
is "$(field "$waiting" .state)" waiting "though another job waited for it"
is "$(field "$job" '.earlier[0].why.cause')" node_lost "the record says why the first attempt ended"
is "$(field "$job" '.earlier[0].why.node')" n3 "and which node it was"

lost=$(muster events --json | jq -r 'select(.kind == "node_lost") | .at' | head -n 1)
last=$(grep '^2 ' ranks | cut -d ' ' -f 4 | sort -n | tail -n 1)
took=$(((last - $(date -d "$lost" +%s%N)) / 1000000))
note "from the loss to the last rank: $took ms"
is "$((took < 5000))" 1 "within five seconds of the loss"

kill -CONT "$(agent_of n3)"
wait_for 20 "the node comes back" node_is n3 idle
touch enough
runs 0 "and the job comes to its end" muster wait "$job"
is "$(field "$job" .attempt)" 2 "in its second attempt"
runs 0 "then the other one runs" muster wait "$waiting"
runs 0 "the node that was lost takes work" submit --wait --nodelist n3 -- true

rm enough
: >ranks
job=$(submit --parsable -N 2-5 job.sh)
five_run() { [ "$(grep -c "^1 " ranks)" = 5 ]; }
wait_for 20 "an elastic job runs on all five nodes" five_run
silence n2 "$job.1.0"
wait_for 20 "after the loss of one it goes on with four" ranks_run 2
is "$(field "$job" '[.allocation.nodes[].name] | join(",")')" n1,n3,n4,n5 "which it had before"
touch enough
runs 0 "and comes to its end" muster wait "$job"
kill -CONT "$(agent_of n2)"
wait_for 20 "the node comes back" node_is n2 idle

runs 0 "down" muster down
wait_for 20 "no process is left" no_cluster_processes
done_testing
