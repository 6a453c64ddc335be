#!/bin/sh
# Training goes on from its checkpoint when a rank or a launcher is killed, to the same result as undisturbed.
. "$(dirname "$0")/lib.sh"

command -v digits >/dev/null || skip_all "digits was not built: no MPI found"

# train NAME: submits a training that keeps its output in NAME.out; sets `job`.
train() {
  job=$(submit --parsable --output="$1.out" --restart="on=exit,signal max=3 backoff=0s" \
    "$ROOT/examples/digits/train.sh" --epochs 60)
}

cluster_up --nodes 2 --cpus-per-node 2
train undisturbed
runs 0 "training comes to its end" muster wait "$job"

train killed
wait_for 30 "it trains again" grep -qs "^epoch 3 " killed.out
kill -KILL "$(process_with "MUSTER_JOB_ID=$job" MUSTER_RANK=2)"
runs 0 "with a rank killed it comes to its end too" muster wait "$job"
is "$(field "$job" .attempt)" 2 "in its second attempt"
is "$(field "$job" '.earlier[0].why | [.cause, .rank, .node] | map(tostring) | join(" ")')" "signal 2 n2" \
  "and the record says which rank had to be started again, and where"
like killed.out "^resumed from epoch [1-9]" "it went on from its checkpoint"
is "$(tail -n 1 killed.out)" "$(tail -n 1 undisturbed.out)" "to the same result"

train launcherless
wait_for 30 "it trains once more" grep -qs "^epoch 3 " launcherless.out
kill -KILL "$(launcher_of n2 "$job.1.0")"
runs 0 "with a launcher killed it comes to its end too" muster wait "$job"
like launcherless.out "^resumed from epoch [1-9]" "from its checkpoint"
is "$(tail -n 1 launcherless.out)" "$(tail -n 1 undisturbed.out)" "with the same result"
done_testing
