#!/bin/sh
# Parameter servers and workers learn the digits, and go on from their checkpoint when one of them is killed.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END'
[scheduler]
heartbeat = "200ms"
node_timeout = "1s"
requeue_backoff = "0s"

[[pool]]
name = "default"
nodes = 3
cpus_per_node = 3
END
cluster_up

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

# disturbed NAME COMMAND ATTEMPTS: kills with COMMAND in the first attempt, and waits for the end.
disturbed() {
  job=$(submit --parsable -N 2 --ps 2 --workers 4 -o "$1.out" --restart="on=exit,signal max=3 backoff=0s" \
    "$ROOT/examples/parameter-server/train.sh" --slow 5)
  wait_for 30 "it learns again" test -s "parameter-server-$job.checkpoint/shard-1"
  $2
  runs 0 "with its $1 lost it comes to its end" muster wait "$job"
  is "$(field "$job" .attempt)" "$3" "in attempt $3"
  if [ "$3" = 2 ]; then like "$1.out" "^resumed from epoch [1-9]" "from its checkpoint"; fi
  learned "$1.out" "and has learned"
}

kill_role() { kill -KILL "$(process_with "MUSTER_JOB_ID=$job" "MUSTER_ROLE=$1" MUSTER_ROLE_INDEX=0)"; }
kill_worker() { kill_role worker; }
kill_server() { kill_role ps; }
kill_launcher() { kill -KILL "$(launcher_of n2 "$job.1.0")"; }
kill_agent() { kill -KILL "$(agent_of n2)"; }
kill_node() { silence n2 "$job.1.0"; }
disturbed worker kill_worker 2
disturbed server kill_server 2
disturbed launcher kill_launcher 2
disturbed agent kill_agent 1
disturbed node kill_node 2
kill -CONT "$(agent_of n2)"
done_testing
