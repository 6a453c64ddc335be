#!/bin/sh
# kill -9 of musterd: what it acknowledged is there, what runs runs on, and nothing runs twice.
. "$(dirname "$0")/lib.sh"

kill_controller() {
  kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
}

# Besides the listening socket a client's is there.
is_asked() {
  [ "$(grep -c "$MUSTER_DIR/api.sock" /proc/net/unix)" -ge 2 ]
}

cluster_up --nodes 2 --cpus-per-node 1

# A job that says when it runs, waits for a file, and ends with a code of its own.
cat >patient.sh <<'EOF'
#!/bin/sh
echo "started $MUSTER_JOB_ID" >>"$T/runs"
until [ -e "$T/go" ]; do sleep 0.05; done
echo "ended $MUSTER_JOB_ID" >>"$T/runs"
exit 7
EOF
export T
running=$(submit --parsable patient.sh)
wait_for 20 "a job runs" grep -qs "started $running" runs
held=$(submit --parsable --hold --wrap true)
kill_controller

touch go
wait_for 20 "the job runs on without its controller" grep -qs "ended $running" runs
runs 0 "the controller comes back" muster up
runs 7 "the job's end is known with its exit code" muster wait "$running"
is "$(field "$running" .state)" failed "as a failure of the job"
is "$(field "$running" .outcome.failure.cause)" exit_code "with the cause"
is "$(sort runs | uniq -c | tr -s ' ')" " 1 ended $running
 1 started $running" "it ran once"
is "$(field "$held" .state)" waiting "the held job still waits"
runs 0 "and can be released" muster release "$held"
runs 0 "and runs" muster wait "$held"

# A command that waits for a job goes on waiting; a new one says that nobody is there.
rm go
second=$(submit --parsable patient.sh)
wait_for 20 "another job runs" grep -qs "started $second" runs
muster wait "$second" >wait.out 2>&1 &
waiter=$!
wait_for 20 "somebody waits for it" is_asked
kill_controller
wait_for 20 "who waits is told that the controller is away" grep -q away wait.out
runs 3 "a submission is refused" submit --parsable --wrap true
like "$T/err" "muster up" "with what to do"
runs 0 "the controller comes back" muster up
touch go
wait "$waiter"
is "$?" 7 "who waited got the exit code"
runs 0 "the next submission runs" submit --wait --wrap true
is "$(muster jobs --json | jq -r '.jobs[].job' | sort -n | tr '\n' ' ')" "1 2 3 4 " \
  "the refused one left nothing behind"

runs 0 "down" muster down
wait_for 20 "no process is left" no_cluster_processes
done_testing
