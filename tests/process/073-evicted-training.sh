#!/bin/sh
# A training on two low-priority nodes is evicted five times and comes to the same result as undisturbed.
. "$(dirname "$0")/lib.sh"

command -v digits >/dev/null || skip_all "digits was not built: no MPI found"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END_OF_CONFIG'
[[pool]]
name = "spot"
tier = "low-priority"
nodes = 2
cpus_per_node = 2
END_OF_CONFIG
cluster_up

# train NAME: submits a training that keeps its output in NAME.out; sets `job`.
train() {
  job=$(submit --parsable --tier=low-priority --nodes=2 --output="$1.out" \
    "$ROOT/examples/digits/train.sh" --epochs 30)
}

# has_trained N: the training has said more than N epochs.
has_trained() {
  [ "$(grep -c '^epoch ' evicted.out 2>/dev/null)" -gt "$1" ]
}

train undisturbed
runs 0 "training comes to its end" muster wait "$job"

train evicted
done_before=0
for round in 1 2 3 4 5; do
  wait_for 30 "it trains ($round)" has_trained $((done_before + 2))
  runs 0 "a node of it is evicted" muster node evict "n$((round % 2 + 1))" --notice 100ms
  wait_for 30 "and the job ended" sh -c "muster show $job --json | jq -e '.earlier | length == $round'"
  done_before=$(grep -c '^epoch ' evicted.out)
done
runs 0 "it comes to its end too" muster wait "$job"
is "$(field "$job" .attempt)" 6 "in its sixth attempt"
is "$(field "$job" '[.earlier[] | "\(.why.cause) \(.why.node)"] | join(", ")')" \
  "evicted n2, evicted n1, evicted n2, evicted n1, evicted n2" "the record shows every eviction"
is "$(field "$job" '[.earlier[] | select(.lost_core_seconds > 0 and .lost_core_seconds < 60)] | length')" 5 \
  "and what each cost"
is "$(grep -c '^resumed from epoch [1-9]' evicted.out)" 5 "it went on from its checkpoint each time"
is "$(tail -n 1 evicted.out)" "$(tail -n 1 undisturbed.out)" "to the same result"
done_testing
