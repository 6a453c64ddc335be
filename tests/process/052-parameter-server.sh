#!/bin/sh
# Parameter servers and workers learn the digits, and go on from their checkpoint when one of them is killed.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 3

# rank_of JOB ROLE: the process number of the first rank with the role.
rank_of() {
  for process in /proc/[0-9]*; do
    if tr '\0' '\n' 2>/dev/null <"$process/environ" |
      grep -cFx -e "MUSTER_JOB_ID=$1" -e "MUSTER_ROLE=$2" -e "MUSTER_ROLE_INDEX=0" \
        -e "MUSTER_CONTROLLER=unix:$MUSTER_DIR/api.sock" | grep -qx 4; then
      echo "${process#/proc/}"
      return
    fi
  done
}

# learned FILE NAME: the last line has an accuracy as the allreduce run's.
learned() {
  case $(tail -n 1 "$1") in
    "accuracy 0.9"[4-9]*) ok "$2" ;;
    *) not_ok "$2" "$(tail -n 20 "$1")" ;;
  esac
}

runs 0 "one server and two workers" submit -o small.out --wait "$ROOT/examples/parameter-server/train.sh"
learned small.out "learn the digits"
runs 0 "two servers and four workers on two nodes" \
  submit -N 2 --ps 2 --workers 4 -o large.out --wait "$ROOT/examples/parameter-server/train.sh"
learned large.out "learn them as well"

# disturbed NAME COMMAND: kills with COMMAND in the first attempt, and waits for the end of the second.
disturbed() {
  job=$(submit --parsable -N 2 --ps 2 --workers 4 -o "$1.out" --restart="on=exit,signal max=3 backoff=0s" \
    "$ROOT/examples/parameter-server/train.sh" --slow 5)
  wait_for 30 "it learns again" test -s "parameter-server-$job.checkpoint/shard-1"
  $2
  runs 0 "with a $1 killed it comes to its end" muster wait "$job"
  is "$(field "$job" .attempt)" 2 "in its second attempt"
  like "$1.out" "^resumed from epoch [1-9]" "from its checkpoint"
  learned "$1.out" "and has learned"
}

kill_worker() { kill -KILL "$(rank_of "$job" worker)"; }
kill_server() { kill -KILL "$(rank_of "$job" ps)"; }
kill_launcher() { kill -KILL "$(cut -d ' ' -f 1 "$MUSTER_DIR/nodes/n2/launches/$job.1.0/pid")"; }
disturbed worker kill_worker
disturbed server kill_server
disturbed launcher kill_launcher
done_testing
