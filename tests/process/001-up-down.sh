#!/bin/sh
# `muster up` gives an idle cluster, `muster down` ends exactly what it started.
. "$(dirname "$0")/lib.sh"

runs 3 "without a cluster commands fail" muster jobs
like "$T/err" "muster up" "and say how to start one"

runs 0 "up returns" muster up --nodes 2 --cpus-per-node 2
runs 0 "nodes are listed" muster nodes --json
is "$(jq -r '[.nodes[] | .state] | join(" ")' "$T/out")" "idle idle" "both nodes are idle when up returns"
runs 1 "a second up does not start another" muster up --nodes 2 --cpus-per-node 2
like "$T/err" "runs" "it says that one runs"

job=$(submit --parsable --wrap "sleep 1000")
wait_for 20 "a job runs" state_is "$job" running
runs 0 "down ends the cluster, running jobs included" muster down
wait_for 20 "no process is left" no_cluster_processes
is "$(find "$MUSTER_DIR" -type s)" "" "no socket is left"

cluster_up --nodes 2 --cpus-per-node 2
runs 0 "the next cluster in this directory knows the job" muster show "$job" --json
is "$(jq -r .state "$T/out")" cancelled "which ended with the cluster"
runs 0 "and takes new jobs" submit --wait -- true
runs 0 "down again" muster down
wait_for 20 "again no process is left" no_cluster_processes
runs 3 "down without a cluster says that there is none" muster down
done_testing
