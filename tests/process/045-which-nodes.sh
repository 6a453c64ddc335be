#!/bin/sh
# Features, names, whole nodes, switches, open numbers of nodes, licenses; and nodes that are booked.
. "$(dirname "$0")/lib.sh"

mkdir "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'TOML'
[[pool]]
name = "default"
nodes = 4
cpus_per_node = 2
features = ["slice"]
[[node]]
names = ["n[3-4]"]
features = ["bigmem"]
[[switch]]
name = "top"
switches = ["left", "right"]
[[switch]]
name = "left"
nodes = ["n1", "n4"]
[[switch]]
name = "right"
nodes = ["n[2-3]"]
[[license]]
name = "solver"
count = 2
TOML
cluster_up

nodes_of() {
  field "$1" .nodes
}
start() {
  submit --parsable "$@" -- sleep 1000
}
runs_on() {
  wait_for 20 "$3" sh -c "[ \"\$(muster show $1 --json | jq -r .nodes)\" = '$2' ]"
}

runs 0 "features, switches and bookings are listed" muster nodes --features
like "$T/out" "^n3 +([^ ]+,)?bigmem,([^ ]+,)?slice +top/right" "with what the configuration gives a node"
runs_on "$(start -C 'bigmem&slice' -n 1)" n3 "a constraint picks a node"
runs_on "$(start --exclusive -x 'n[1,3]')" n2 "a whole node, not an excluded one"
runs 1 "a feature that is not there is refused" submit -C bigmen -- true
like "$T/err" "there is no feature 'bigmen'; did you mean 'bigmem'" "with the one that is meant"
runs 1 "a node that is not there is refused" submit -w n9 -- true
runs 1 "a list of nodes that is none is refused" submit -w 'n[1-' -- true
wide=$(start -N 1-4 --ntasks-per-node 2)
runs_on "$wide" "n[1,4]" "an open number of nodes takes what is free"
is "$(field "$wide" '[.allocation.nodes[].tasks] | add')" 4 "with as many tasks as that makes"
runs 0 "all are ended" muster cancel 1 2 3
wait_for 20 "all nodes are idle" sh -c "[ \"\$(muster nodes --json | jq -r '.nodes[].state' | sort -u)\" = idle ]"
pair=$(start -N 2 --ntasks-per-node 2)
runs_on "$pair" "n[1,4]" "two nodes below one switch"
muster cancel "$pair"

first=$(start -L solver:2)
second=$(start -L solver)
wait_for 20 "the first holder runs" state_is "$first" running
runs 0 "why the second waits" muster why "$second"
like "$T/out" "needs 1 of license 'solver'; 0 of 2 free now; in use by job $first" "it says what is missing and who has it"
runs 1 "more licenses than there are are refused" submit -L solver:3 -- true
like "$T/err" "the most that can run is --licenses=solver:2" "with the most that can run"
runs 0 "the holder is ended" muster cancel "$first"
wait_for 20 "the second has the license" state_is "$second" running
runs 0 "it is ended" muster cancel "$second"
wait_for 20 "all nodes are idle" sh -c "[ \"\$(muster nodes --json | jq -r '.nodes[].state' | sort -u)\" = idle ]"

runs 0 "nothing is booked" muster reserve
like "$T/out" "^Nothing is booked" "and that is said"
runs 2 "a booking without an end is refused" muster reserve --nodes 2
like "$T/err" "give either --end or --duration" "with what is missing"
runs 0 "all nodes are booked for maintenance" muster reserve --start now+10minutes --duration 1h --maintenance upgrade
like "$T/out" "^Booked as upgrade" "under its name"
runs 1 "and not twice" muster reserve --nodes n1 --start now+30minutes --duration 1h
like "$T/err" "n1 cannot be booked: booking 'upgrade' has it" "with what stands before it"
long=$(submit --parsable --time 20m -- true)
runs 0 "why a job waits that could not end before" muster why "$long"
like "$T/out" "could not end before booking 'upgrade' of its nodes begins" "it says so"
runs 0 "a shorter one runs" submit --wait --time 5m -- true
runs 0 "bookings are listed" muster reserve
like "$T/out" "^upgrade +ahead .* n\[1-4\] +maintenance" "with nodes and purpose"
runs 0 "the booking is cancelled" muster reserve --cancel upgrade
runs 0 "then the job runs" muster wait "$long"
runs 0 "nodes are booked for oneself, from now on" muster reserve --nodes n1 --duration 10m mine
runs 0 "a job uses its booking" submit --wait --booking mine --time 1m -- true
runs 1 "only one that ends in time" submit --booking mine --time 1h -- true
like "$T/err" "a job in booking 'mine' has to end with it" "and it says why"
other=$(submit --parsable -w n1 --time 1m -- true)
runs 0 "others wait for it" muster why "$other"
like "$T/out" "booking 'mine'" "and it says for what"

done_testing
