#!/bin/sh
# kill -9 of an agent: its jobs run on, and it reports them when it is back.
. "$(dirname "$0")/lib.sh"

has_other_agent() {
  now=$(agent_of "$1") && [ -n "$now" ] && [ "$now" != "$2" ]
}

cluster_up --nodes 1 --cpus-per-node 2
cat >patient.sh <<'EOF'
#!/bin/sh
echo "started $MUSTER_JOB_ID" >>"$T/runs"
until [ -e "$T/go" ]; do sleep 0.05; done
echo "ended $MUSTER_JOB_ID" >>"$T/runs"
exit 5
EOF
export T

# The job ends while a new agent is there already.
job=$(submit --parsable patient.sh)
wait_for 20 "a job runs" grep -qs "started $job" runs
old=$(agent_of n1)
kill -KILL "$old"
wait_for 20 "another agent is started" has_other_agent n1 "$old"
wait_for 20 "the node is back, with its job" node_is n1 busy
is "$(field "$job" .state)" running "the job runs on"
touch go
runs 5 "its exit code is known" muster wait "$job"

# The job ends while nobody is there, with the controller gone as well.
rm go
job=$(submit --parsable patient.sh)
wait_for 20 "another job runs" grep -qs "started $job" runs
kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
kill -KILL "$(agent_of n1)"
touch go
wait_for 20 "it ends without anybody" grep -qs "ended $job" runs
runs 0 "all come back" muster up
runs 5 "the exit code of that time is known" muster wait "$job"
is "$(grep -c started runs) $(grep -c ended runs)" "2 2" "each job ran once"
runs 0 "the cluster takes new jobs" submit --wait -- true

runs 0 "down" muster down
wait_for 20 "no process is left" no_cluster_processes
done_testing
