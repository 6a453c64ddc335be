#!/bin/sh
# 200 short jobs while musterd and the agents are killed in a loop: all end, each once, with the right
# exit code.
. "$(dirname "$0")/lib.sh"

JOBS=200
export T

# Kills one daemon after the other until told to stop; the last word is the number of kills.
killer() {
  n=0
  while [ ! -e "$T/enough" ]; do
    case $((n % 3)) in
      0) victim=$MUSTER_DIR/musterd.lock ;;
      1) victim=$MUSTER_DIR/nodes/n1/agent.lock ;;
      2) victim=$MUSTER_DIR/nodes/n2/agent.lock ;;
    esac
    kill -KILL "$(cat "$victim")" 2>/dev/null && n=$((n + 1))
    timeout 60 muster up >>"$T/killer.out" 2>&1
    echo "$n" >"$T/kills"
  done
}

# While nobody listens a submission is refused with status 3 and has left nothing behind; one that was
# under way when the controller died is repeated by the command itself, with its token.
submit_one() {
  for _ in $(seq 300); do
    status=0
    submit --parsable --output /dev/null --job-name "j$1" \
      --wrap "echo $1 >>$T/runs; exit $(($1 % 7))" || status=$?
    [ "$status" -eq 3 ] || return "$status"
    sleep 0.1
  done
}

submit_all() {
  for i in $(seq "$JOBS"); do
    submit_one "$i" || echo "submission of $i failed"
  done
}

all_ended() {
  [ "$(muster jobs --state all --json | jq '[.jobs[] | select(.ended_at)] | length')" = "$JOBS" ]
}

cluster_up --nodes 2 --cpus-per-node 2
killer &
killer=$!
submit_all >ids 2>submit.err
is "$(sort -n ids | uniq | grep -c '^[0-9]*$')" "$JOBS" "each submission gave a job of its own"

wait_for 90 "all jobs end while the killing goes on" all_ended
touch enough
wait "$killer"
note "$(cat kills) kills"
is "$([ "$(cat kills)" -ge 5 ] && echo yes)" yes "there were some kills"
muster up >up.out 2>&1  # where the last kill left no controller

muster jobs --state all --json >jobs.json
is "$(jq '[.jobs[] | select(.state == "completed" or .state == "failed")] | length' jobs.json)" \
  "$JOBS" "all jobs have ended"
is "$(jq -r '.jobs[] | select((.outcome.exit_code // 0) != (.name[1:] | tonumber) % 7) | .name' jobs.json)" \
  "" "each with its own exit code"
is "$(jq -r '.jobs[] | select(.attempt != 1) | .name' jobs.json)" "" "in its first attempt"
is "$(sort -n runs | uniq | wc -l)" "$JOBS" "all of them ran"
is "$(sort -n runs | uniq -d)" "" "and none twice"

runs 0 "down" muster down
wait_for 20 "no process is left" no_cluster_processes
done_testing
