#!/bin/sh
# Real MPI ranks on two nodes learn digits; every rank's line and the record come back.
. "$(dirname "$0")/lib.sh"

command -v digits >/dev/null || skip_all "digits was not built: no MPI found"

cluster_up --nodes 2 --cpus-per-node 2
runs 0 "training ends well" submit --parsable --wait "$ROOT/examples/digits/train.sh"
job=$(cat "$T/out")
output=muster-$job.out
is "$(grep -c '^rank [0-3] of 4 host [^ ]* cores [0-9,-]*$' "$output")" 4 "four ranks ran"
is "$(sed -n 's/^rank .* host \([^ ]*\).*/\1/p' "$output" | sort | tr '\n' ' ')" "n1 n1 n2 n2 " "two on each node"
accuracy=$(tail -n 1 "$output")
case $accuracy in
  "accuracy 0.9"[3-9]*) ok "the network recognises held-out digits ($accuracy)" ;;
  *) not_ok "the network recognises held-out digits" "$accuracy" ;;
esac

runs 0 "logs are readable" muster logs "$job"
for rank in 0 1 2 3; do
  like "$T/out" "rank $rank of 4 host" "rank $rank is in the logs"
done

runs 0 "the record is readable" muster show "$job" --json
is "$(jq -r '[.state, .attempt, .nodes, (.outcome.exit_code // 0)] | join(" ")' "$T/out")" \
  "completed 1 n[1-2] 0" "it has state, attempt, nodes and exit code"
is "$(jq -r '[.submitted_at, .started_at, .ended_at] | map(type) | unique | join(" ")' "$T/out")" \
  string "it has its times"
is "$(jq -r '.summary | type' "$T/out")" string "it has a reason for people"

for listing in "jobs --all" nodes; do
  # shellcheck disable=SC2086
  COLUMNS=80 runs 0 "muster $listing" muster $listing
  is "$(awk 'length($0) > 80' "$T/out")" "" "muster $listing fits 80 columns"
done

sed 's/--checkpoint "$checkpoint"/--learning-rate nonsense/' "$ROOT/examples/digits/train.sh" >wrong.sh
runs 2 "a wrong option of the program fails the job with its status" submit --wait wrong.sh
done_testing
