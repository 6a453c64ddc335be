#!/bin/sh
# muster doctor --gpus, with a stand-in for NVIDIA's library and for the program that checks GPUs: of three nodes with a GPU
# each, one is slow, and one computes wrong.
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/gpus.sh"
export FAKE_NVML_COUNT=3

cat >checker <<'EOF'
#!/bin/sh
echo "$MUSTER_NODE $* $RANK/$WORLD_SIZE" >>calls
[ ! -e broken ] || { echo "checker: cudaGetDeviceCount: no driver" >&2; exit 3; }
to=55e9 wrong=0
[ "$MUSTER_NODE" != n2 ] || to=27e9
[ "$MUSTER_NODE" != n3 ] || { wrong=7; echo "checker: 7 words are wrong" >&2; }
printf '{"uuid":"%s","name":"NVIDIA H100 80GB HBM3","product_by":"cuBLAS","flops_per_second":5e13,' "$CUDA_VISIBLE_DEVICES"
printf '"to_device_bytes_per_second":%s,"wrong_words":%d,"first_wrong":4096,"wrong_pattern":"address"}\n' $to $wrong
EOF
chmod +x checker

cluster_up --nodes 3 --cpus-per-node 1 --gpus-per-node 1
runs 1 "GPUs are checked" muster doctor --gpus --gpu-program "$PWD/checker"
like "$T/out" "^n1 +GPU-fake-[0-2] +NVIDIA H100 80GB HBM3 +50000.0 +55.0 +-" "each is shown with its rates"
like "$T/out" "^n2, GPU-fake-[0-2]: copies to the GPU: 27.0 GB/s$" "the slow one is named"
like "$T/out" "expected: about 55.0 GB/s, the median of NVIDIA H100 80GB HBM3$" "beside the others"
like "$T/out" "^n3, GPU-fake-[0-2]: 7 words of memory were read back wrong, the first at byte 4096 by the pattern address$" \
  "and the one that computes wrong"
unlike "$T/out" "^n1, " "and no other"
is "$(field last .state)" completed "its job has not failed, whatever it found"
like calls "^n1 --limit [0-9]+ --ranks 0/3$" "the program of each node is told that they are together"

job=$(submit --parsable -w n1 -n 1 -- sleep 1000)
wait_for 20 "one node is in use" state_is "$job" running
touch broken
runs 1 "the others are checked" muster doctor --gpus --gpu-program "$PWD/checker" --json
is "$(jq -r '.left_out[0] | .node + " " + .why' "$T/out")" "n1 in use by job $job; --gpus needs nodes for itself" \
  "without the one where a job runs"
is "$(jq -r '.nodes[0].gpu_checks.problem' "$T/out")" \
  "$PWD/checker said nothing of GPUs: checker: cudaGetDeviceCount: no driver" "what it says for people is the reason"
runs 2 "a program alone is misuse" muster doctor --gpu-program "$PWD/checker"
muster cancel "$job"

if command -v muster-gpucheck >/dev/null && [ ! -e /proc/driver/nvidia/version ]; then
  runs 3 "without a driver the real program says so" muster-gpucheck
  like "$T/err" "^muster-gpucheck: cudaGetDeviceCount: CUDA says: .*; expected a GPU of NVIDIA" "with the call that failed"
  runs 2 "an option that is none is misuse" muster-gpucheck --nonsense
fi

done_testing
