#!/bin/sh
# A GPU that fails, by what NVIDIA's library says or the kernel's log, is out of service alone, and comes back; with a
# stand-in for the library, and where this may mount, one for the kernel's log.
[ "$(id -u)" -ne 0 ] || [ -n "${IN_OWN_SPACE-}" ] || IN_OWN_SPACE=yes exec unshare -m "$0" "$@"
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/gpus.sh"
export FAKE_NVML_HEALTH="$T/health"
mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END_OF_CONFIG'
[[pool]]
name = "default"
nodes = 1
cpus_per_node = 2
gpus_per_node = 2
checks = true
free_disk = "0M"
health_interval = "200ms"
END_OF_CONFIG
# In PCI order the library's second is the node's GPU 0.
well() {
  printf 'ecc_volatile: 0\nremap_failed: no\ntemperature: 34\nslowdown_temperature: 87\n' >"$T/health.$1"
}
failing() {
  muster nodes --json | jq -c '[.nodes[0].failing[]?.gpu]'
}
fails() {
  [ "$(failing)" = "$1" ]
}
next_agent_says() {
  agent=$(agent_of n1)
  [ -n "$agent" ] && [ "$agent" != "$1" ] && muster node check n1 | grep -q "^n1: GPU 0 is out of service: Xid 79"
}
says() { muster "$1" | grep -Eq "$2"; }
well 0
well 1
: >kmsg
if [ "$(id -u)" -eq 0 ] && [ -e /dev/kmsg ]; then mount --bind kmsg /dev/kmsg && has_log=yes; fi
cluster_up
wait_for 10 "a node whose GPUs are well takes work" node_is n1 idle

printf 'ecc_volatile: 2\n' >health.1
wait_for 10 "one turns bad, and is out of service" fails "[0]"
muster nodes >nodes
like nodes "^n1: GPU 0 is out of service: 2 uncorrectable ECC errors since its driver was loaded \(since" "muster nodes says why"
like nodes "^n1 +default +idle" "and the node takes work"
muster node show n1 >shown
like shown "^failing +GPU 0 is out of service: 2 uncorrectable ECC errors .* since " "muster node show, too"
muster events >events
like events "node_conditioned node=n1: GPU 0 is out of service: 2 uncorrectable" "and the events"
runs 1 "a check on demand finds it" muster node check n1
like out "^n1: GPU 0 is out of service" "and says so"
# shellcheck disable=SC2016
runs 0 "a job for one GPU runs on the other" submit --wait --gpus-per-node 1 --output one --wrap 'echo "$CUDA_VISIBLE_DEVICES"'
like one "^(1|GPU-fake-0)$" "and on no other"
both=$(submit --parsable --gpus-per-node 2 --wrap true)
runs 0 "one for two waits" muster why "$both"
like out "on n1 GPU 0 is out of service: 2 uncorrectable ECC errors" "and is told why"
well 1
runs 0 "it runs when the GPU is well again" timeout 20 muster wait "$both"
is "$(failing)" "[]" "nothing is out of service"
runs 0 "as a check on demand says" muster node check n1

if [ "${has_log-}" ]; then
  echo "4,7,100,-;NVRM: Xid (PCI:0000:65:00): 13, pid=1, name=a.out, Graphics Exception" >>kmsg
  echo "4,8,200,-;NVRM: Xid (PCI:0000:18:00): 79, pid=1, GPU has fallen off the bus." >>kmsg
  wait_for 10 "an Xid of the device takes it out" fails "[0]"
  muster nodes >nodes
  like nodes "n1: GPU 0 is out of service: Xid 79 \(NVRM: Xid \(PCI:0000:18:00\): 79, pid=1" "with the line"
  runs 0 "the log of the checks has the Xid of a program" muster node show n1 --log
  like out "^GPU 1 \(0000:65:00.0\) is noted for: Xid 13, of a program" "as a note"
  : >kmsg
  both=$(submit --parsable --gpus-per-node 2 --wrap true)
  before=$(agent_of n1)
  kill -KILL "$before"
  wait_for 20 "the next agent knows it, though the kernel has forgotten" next_agent_says "$before"
  runs 0 "who has mended it says so" muster resume n1
  runs 0 "and it works" timeout 20 muster wait "$both"
  echo "3,9,300,-;EXT4-fs (sda2): Remounting filesystem read-only" >>kmsg
  wait_for 10 "a dead disk is the node's" says nodes \
    "n1 is unusable: its built-in check exited"
  muster node show n1 >shown
  like shown "the kernel's log says: EXT4-fs \(sda2\): Remounting filesystem read-only" "with the line"
  runs 0 "who has mended it says so" muster resume n1
  wait_for 10 "and it takes work" node_is n1 idle
fi
done_testing
