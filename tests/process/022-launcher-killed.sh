#!/bin/sh
# kill -9 of a launcher: what it started is ended and the attempt fails for that reason.
. "$(dirname "$0")/lib.sh"

# launcher LAUNCH: the process number of a launch's launcher.
launcher() {
  cut -d ' ' -f 1 "$MUSTER_DIR"/nodes/n1/launches/"$1"/pid
}

# The cluster has no process of this launch any more.
launch_is_gone() {
  for process in /proc/[0-9]*; do
    if tr '\0' '\n' 2>/dev/null <"$process/environ" |
      grep -cF -e "MUSTER_JOB_ID=$1" -e "MUSTER_CONTROLLER=unix:$MUSTER_DIR/" | grep -qx 2; then
      echo "$process: $(tr '\0' ' ' <"$process/cmdline")"
      return 1
    fi
  done
}

cluster_up --nodes 2 --cpus-per-node 1

cat >stubborn.sh <<'EOF'
#!/bin/sh
trap '' TERM
setsid sh -c 'trap "" TERM; sleep 1000' &
echo started >"$T/started.$MUSTER_JOB_ID"
sleep 1000
EOF
export T
job=$(submit --parsable stubborn.sh)
wait_for 20 "a job runs" test -e "started.$job"
kill -KILL "$(launcher "$job.1.batch")"
runs 137 "the job ends" muster wait "$job"
is "$(field "$job" .state)" failed "as failed"
is "$(field "$job" .outcome.failure.cause)" launcher_lost "because its launcher was lost"
is "$(field "$job" .outcome.failure.node)" n1 "on that node"
wait_for 20 "all its processes are gone, those in sessions of their own too" launch_is_gone "$job"

cat >step.sh <<'EOF'
#!/bin/sh
muster run sh -c 'echo $MUSTER_RANK >>"$T/ranks"; sleep 1000'
EOF
job=$(submit --parsable --nodes 2 --ntasks 2 step.sh)
wait_for 30 "both ranks of a step run" sh -c "test -e '$T/ranks' && [ \$(wc -l <'$T/ranks') = 2 ]"
kill -KILL "$(launcher "$job.1.0")"
wait_for 30 "the job with the step ends" state_is "$job" failed
is "$(field "$job" .outcome.failure.cause)" launcher_lost "because a launcher of the step was lost"
wait_for 20 "its ranks are gone on both nodes" launch_is_gone "$job"
runs 0 "the nodes take new jobs" submit --wait --nodes 2 -- true

runs 0 "down" muster down
wait_for 20 "no process is left" no_cluster_processes
done_testing
