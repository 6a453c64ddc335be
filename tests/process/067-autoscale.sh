#!/bin/sh
# Nodes come when jobs wait for them, and go when they are idle; also when musterd is killed in between.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END_OF_CONFIG'
[[pool]]
name = "default"
max_nodes = 4
cpus_per_node = 1
idle_timeout = "1s"
END_OF_CONFIG
runs 0 "the configuration makes sense" muster config check "$MUSTER_DIR/muster.toml"
cluster_up
like "$T/up" "No nodes yet" "no node is there at first"
unlike "$T/up" "^n1" "not one"

n_agents() {
  cluster_processes | while read -r pid; do
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | head -n 1 | grep -c '/muster-agent$'
  done | grep -c 1
}
agents_are() {
  [ "$(n_agents)" = "$1" ]
}
musterd_restarts() {
  kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
  wait_for 10 "musterd is gone" sh -c "! kill -0 $(cat "$MUSTER_DIR/musterd.lock") 2>/dev/null"
  musterd --config "$MUSTER_DIR/muster.toml" >>"$MUSTER_DIR/log/musterd.log" 2>&1 &
  wait_for 10 "musterd is there again" muster pools
}

runs 1 "what no number of nodes can run is refused" submit -N 5 -- true
like "$T/err" "the most that can run is --nodes=4" "with the nearest that could"
runs 1 "so is a task larger than any node" submit -c 2 -- true
like "$T/err" "the largest node in this cluster has 1 core" "though none is there"

job=$(submit --parsable -N 4 -- sleep 1)
wait_for 10 "four nodes come for a job of four" state_is "$job" running
is "$(n_agents)" 4 "and no more"
runs 0 "the job ends well" muster wait "$job"

# From the last node's agent to the start of the job that waits for it.
ns_of() {
  date -d "$(muster events --from 1 --json | jq -r "select(.kind == \"$1\") | .at" | sed -n "$2")" +%s%N
}
ms=$((($(ns_of launch_started 1p) - $(ns_of node_joined 4p)) / 1000000))
note "the job ran $ms ms after the agent of its last node was there"
[ "$ms" -le 200 ] && ok "it started at once" || not_ok "it started at once" "after $ms ms"

runs 0 "muster pools tells of it" muster pools
like "$T/out" "^default +0-4 " "with its bounds"

# Killed while the nodes are idle: they still go in time.
musterd_restarts
wait_for 5 "idle nodes go" agents_are 0
runs 0 "with their causes" muster pools --why
like "$T/out" "n4 +starting +for job $job" "why they came"
like "$T/out" "n4 +leaving +idle for 1s" "and why they went"
wait_for 5 "none is listed any more" sh -c "[ \"\$(muster nodes --json | jq '.nodes | length')\" = 0 ]"

# Killed while nodes are being made.
second=$(submit --parsable -N 2 -- true)
musterd_restarts
runs 0 "a job that waited when musterd was killed runs" muster wait "$second"

# Constant demand, constant size; the fewest stay.
runs 0 "a node is there at all times, by command" muster pool default --min 1
wait_for 10 "it comes" agents_are 1
wait_for 10 "and takes work" sh -c "muster pools | grep -Eq '^default +1-4\\* +1 +1 '"
musterd_restarts
wait_for 10 "a start of musterd does not change that" sh -c "muster pools | grep -Eq '^default +1-4\\* +1 +1 '"
runs 1 "more than there can be is refused" muster pool default --max 5
like "$T/err" "pool 'default' has at most 4 nodes, found 5" "with the reason"
runs 0 "a job alone runs on the node that is there" submit --wait -- true
is "$(n_agents)" 1 "and no other came for it"
runs 0 "as configured again" muster pool default --auto
wait_for 5 "the last node goes, too" agents_are 0

done_testing
