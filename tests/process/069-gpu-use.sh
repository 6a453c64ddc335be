#!/bin/sh
# What the GPUs of a job did is in its record; with a stand-in for NVIDIA's library, which says of the first GPU of its bus
# that it is busy half the time and of the second that it always is.
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/gpus.sh"
cluster_up --nodes 1 --cpus-per-node 2 --gpus-per-node 2

runs 0 "a script alone" submit --wait --gpus-per-node=2 --wrap 'timeout 2.5 sleep 1000; true'
is "$(field 1 '.usage.gpu | (.watched, .busy) | rtrimstr("s") | tonumber | . > 1')" "true
true" "has watched its GPUs"
muster show 1 >shown
like shown "^used +.*; GPUs busy 75% of the time, at most 5G of memory in use on one$" "and says what they did"

# shellcheck disable=SC2016
runs 0 "a step, with a GPU for each rank" submit --wait --gpus-per-node=2 -n 2 \
  --wrap 'muster run sh -c "timeout \$((3 - MUSTER_RANK)) sleep 1000; true"'
is "$(field 2 '.steps[0].ranks | map(.gpu.memory_peak_bytes) | join(",")')" 5368709120,5368709120 "has each rank's"
muster show 2 >shown
like shown "^step +0: .*; GPUs busy 7[0-9]% of the time, least those of rank 0: 50%$" "and says who used theirs least"
like shown "^used +.*; GPUs busy 75% of the time" "the time that script and step share counts once"

runs 0 "a job without GPUs" submit --wait --wrap true
is "$(field 3 .usage.gpu)" null "has nothing of them"
done_testing
