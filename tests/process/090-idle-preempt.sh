#!/bin/sh
# What a job uses while it runs, and jobs whose GPUs do nothing and that are put back in the queue for it; with a stand-in
# for NVIDIA's library, whose GPUs are idle while there is a file.
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
gpu_idle_action = "preempt"

[[class]]
name = "normal"
max_preemptions = 1
END
cluster_up

busy=$(submit --parsable -n 2 --wrap 'muster run -n 1 sh -c "while :; do :; done"')
uses() {
  muster show "$busy" --usage >shown && grep -q "^script on n1 since" shown && grep -q "^step 0 on n1 since" shown
}
wait_for 10 "what the script and the steps of a running job use can be seen" uses
like shown "^  cores    .*  [01]\.[0-9] of 2 on average" "with a bar for each second"
is "$(muster show "$busy" --usage --json | jq -r '.over_time | map(.launch) | join(" ")')" "$busy.1.batch $busy.1.0" \
  "in JSON, too"
is "$(field "$busy" '.over_time | length')" 0 "its record has none yet"

touch idle
cat >saves.sh <<END
#!/bin/sh
trap "echo \$MUSTER_ATTEMPT >>$T/saved; exit 0" USR1
tail -f /dev/null &
wait
END
idle=$(submit --parsable --gpus-per-node=1 --signal=USR1 saves.sh)
runs 0 "a job whose GPUs do nothing" muster cancel "$busy"
second() {
  [ "$(field "$idle" .attempt)" = 2 ]
}
wait_for 10 "is preempted and starts again" second
is "$(cat saved)" 1 "could save its work"
field "$idle" '.earlier[0].why | [.cause, .text] | join(" ")' >why
like why "^preempted its GPUs have done nothing since .*; \[limits\] gpu_idle_action is \"preempt\"$" "and says why"
wait_for 10 "once that was as often as its class allows, it is cancelled" state_is "$idle" cancelled
is "$(field "$idle" .outcome.failure.cause)" gpu_idle "for that cause"
done_testing
