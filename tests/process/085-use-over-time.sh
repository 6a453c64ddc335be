#!/bin/sh
# What a job used over time, what part of its request that was, and GPUs that do nothing; with a stand-in for NVIDIA's
# library, whose GPUs are idle while there is a file.
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/gpus.sh"
export FAKE_NVML_IDLE="$T/idle"
mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END'
[[pool]]
name = "default"
nodes = 1
cpus_per_node = 2
gpus_per_node = 2

[limits]
gpu_idle_notice = "1s"
END
cluster_up

busy='timeout 2.5 sh -c "while :; do :; done"; true'
runs 0 "a job that keeps one of its two cores busy" submit --wait -n 2 --wrap "$busy"
is "$(field 1 '.over_time | map([.launch, .node, .cores] | join(" "))[]')" "1.1.batch n1 2" "its script was looked at"
is "$(field 1 '.over_time[0].points | length >= 1 and (map(.cpu | rtrimstr("s") | tonumber) | max > 0.2)')" true \
  "while it ran"
muster show 1 >shown
like shown "^efficiency +[01]\.[0-9] of 2 cores \([0-9]+%\)$" "muster show says what part of its cores it used"
runs 0 "a script that waits" muster wait 1
is "$(cat err)" "" "is told nothing"
script -qefc "muster wait 1" seen </dev/null >/dev/null
like seen "^job 1 used [01]\.[0-9] of 2 cores \([0-9]+%\)" "who waits at a terminal is told what part that was"
runs 0 "muster show --usage" muster show 1 --usage
like out "^script on n1 since .*, each bar 1s, the last .*s$" "has its script, with what came after the last full second"
like out "^  cores    .*  [01]\.[0-9] of 2 on average, at most [0-9.]+$" "with a bar for each second"

touch idle
job=$(submit --parsable --gpus-per-node=1 --wrap "until [ -e $T/go ]; do read -t 0.1 x; done </dev/null 2>/dev/null; sleep 0.1")
says_idle() {
  muster why "$job" | grep -q "its GPUs have done nothing since"
}
works() {
  ! says_idle
}
wait_for 15 "GPUs that do nothing are told" says_idle
is "$(field "$job" '.gpus_idle_since != null')" true "in JSON, too"
rm idle
wait_for 15 "until they work again" works
touch idle
echo 'gpu_idle_action = "cancel"' >>"$MUSTER_DIR/muster.toml"
runs 0 "who wants it" muster config reload
wait_for 15 "has such jobs cancelled" state_is "$job" cancelled
is "$(field "$job" .outcome.failure.cause)" gpu_idle "for that cause"
done_testing
