#!/bin/sh
# Memory is limited to what a job asked for; its lack is a cause of its own, with numbers, that restarts may name.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 1
muster nodes --features --json >nodes.json
groups=$(jq -r '.nodes[0].info.containment' nodes.json)
case $groups in
*memory*) ;;
*) skip_all "memory can not be limited here: $groups" ;;
esac

export T
# Holds so many MiB, in its own memory.
cat >hold.py <<'EOF'
import sys

held = []
for _ in range(int(sys.argv[1])):
    held.append(bytearray(b"x") * (1 << 20))
print("held", len(held))
EOF
command -v python3 >/dev/null || skip_all "there is no python3 to use memory"

runs 0 "a job within its memory ends well" submit --wait --mem=200M -- python3 "$T/hold.py" 60
used=$(field 1 .usage.total_peak_bytes)
is "$([ "$used" -gt 60000000 ] && [ "$used" -lt 209715201 ] && echo between)" between "the record has its peak ($used)"
is "$(field 1 '.usage.cpu != "0s"')" true "and its CPU time"

runs 137 "a job beyond its memory fails" submit --wait --mem=64M -- python3 "$T/hold.py" 500
is "$(field 2 .outcome.failure.cause)" out_of_memory "for lack of memory"
muster show 2 >shown
like shown "summary +the script on n1 was killed: out of memory, it used 6[34].*M of 64M" "with the peak and the limit"

runs 1 "so does one whose child is killed" submit --wait --mem=64M --wrap "python3 '$T/hold.py' 500 || exit 1"
is "$(field 3 .outcome.failure.cause)" out_of_memory "for the same cause"

runs 0 "a script may do without that child" submit --wait --mem=64M --wrap "python3 '$T/hold.py' 500; true"
runs 3 "what fails with memory to spare fails as ever" submit --wait --mem=64M --wrap 'exit 3'
is "$(field 5 .outcome.failure.cause)" exit_code "by its exit code"

# shellcheck disable=SC2016 # the job expands it
runs 137 "a rank beyond the memory of its node fails its step" submit --wait -N 2 -n 2 --mem=64M --output=ranks.out --wrap \
  'muster run -n 2 sh -c "[ \$MUSTER_RANK = 0 ] && exec sleep 1000; exec python3 \"$T/hold.py\" 500"'
is "$(field 6 .outcome.failure.rank)" 1 "the rank is named"
muster show 6 >shown
like shown "summary +step 0: rank 1 on n2 was killed: out of memory, it used .* of 64M" "with its node, the peak and the limit"
like ranks.out "rank 1 on n2 was killed: out of memory" "muster run says so too"

# shellcheck disable=SC2016
runs 0 "ranks are counted one by one" submit --wait -N 2 -n 2 --wrap \
  'muster run -n 2 sh -c "exec python3 \"$T/hold.py\" \$((20 + 40 * MUSTER_RANK))"'
is "$(field 7 '.steps[0].ranks | map(.rank) | join(",")')" 0,1 "each in the record"
is "$(field 7 '.steps[0].ranks | ((.[1].memory_peak_bytes | tonumber) - (.[0].memory_peak_bytes | tonumber)) / 1048576 | . > 30 and . < 50')" true \
  "with its largest resident set"
muster show 7 >shown
like shown "step +0: .*rank 1 used most" "muster show names the largest"

# shellcheck disable=SC2016
runs 0 "a policy may name it" submit --wait --mem=64M --restart="on=oom backoff=0s" --wrap \
  'test "$MUSTER_RESTART_COUNT" -gt 0 || exec python3 "$T/hold.py" 500'
is "$(field 8 '.earlier[0].why.cause')" out_of_memory "and the record says why"
runs 137 "it is neither an exit nor a signal to policies" submit --wait --mem=64M \
  --restart="on=exit,signal backoff=0s" -- python3 "$T/hold.py" 500
is "$(field 9 .attempt)" 1 "so those end after one attempt"

runs 0 "with memory= in its policy a job asks for more each time" submit --wait --mem=64M \
  --restart="on=oom backoff=0s memory=x4..1G" -- python3 "$T/hold.py" 150
is "$(field 10 .attempt)" 2 "and its second attempt has enough"
is "$(field 10 '[.earlier[0].memory_bytes, .layout.memory_per_node_bytes] | map(tonumber / 1048576) | join(",")')" \
  64,256 "the record has both"
muster show 10 >shown
like shown "more memory +256M for each node, after attempt 1 ran out of memory with 64M on a node" "muster show says why"
# shellcheck disable=SC2016
runs 0 "what limits it says so inside" submit --wait --mem=64M --output=told.out \
  --restart="on=oom backoff=0s memory=x2" --wrap \
  'test "$MUSTER_RESTART_COUNT" -gt 0 || exec python3 "$T/hold.py" 100; echo "$MUSTER_MEM_PER_NODE"'
like told.out "^128$" "as its variables do"
runs 137 "one that had the most that it may ask for ends" submit --wait --mem=64M \
  --restart="on=oom backoff=0s memory=x2..64M" -- python3 "$T/hold.py" 100
muster show 12 >shown
like shown "does not start again: that is the most" "and says why it does not start again"
done_testing
