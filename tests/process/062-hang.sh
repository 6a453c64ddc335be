#!/bin/sh
# Steps that hang are ended with --hang-timeout, their stacks saved first.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

cat >ranks.sh <<'EOF'
#!/bin/sh
echo "rank $MUSTER_RANK begins"
sleep 1000
EOF
chmod +x ranks.sh

began=$(date +%s)
runs 1 "a step of sleepers is ended" \
  submit --wait -N 2 -n 3 -o hang.out --hang-timeout=2s --wrap "muster run ./ranks.sh"
took=$(($(date +%s) - began))
if [ "$took" -le 12 ]; then ok "soon after its time"; else not_ok "soon after its time" "${took}s"; fi
is "$(field 1 .outcome.failure.cause)" hang "with the cause"
like hang.out "^muster run: step 0 hung: no output and no CPU time for [2-6]s, since 20.*; stacks: muster show --stacks 1 --step 0 --attempt 1$" \
  "which muster run says too, with what was seen and since when"
runs 0 "the stacks are kept" muster show --stacks 1 --step 0 --attempt 1
cp out stacks
is "$(grep -c '^rank [0-2] on n[12]: .* of CPU time, last output [1-9].* before, never called MPI_Init$' stacks)" 6 \
  "for each rank what it did, in the table of its node and before its stacks"
is "$(grep -c '^process [0-9]*, sleep (.*/sleep):$' stacks)" 3 "with all its processes"
is "$(grep -c '^  thread [0-9]*, sleep: S (sleeping)' stacks)" 3 "and their threads"
if command -v gdb >/dev/null || command -v eu-stack >/dev/null; then
  like stacks '^    #[0-9]+ .*nanosleep' "and the function in which it hangs"
else
  note "neither gdb nor eu-stack is installed: no function is named"
fi
unlike hang.out 'nanosleep' "which are no output"
runs 1 "where no debugger is installed" submit --wait -n 1 -o bare.out \
  --wrap "PATH=/var/empty exec $(command -v muster) run --hang-timeout=1s /bin/sleep 1000"
muster show --stacks last >bare
like bare '^  no stack: neither gdb nor eu-stack is in PATH$' "that is said"
like bare '^  thread [0-9]+, sleep: S \(sleeping\)' "and what the kernel knows is there"
runs 0 "the last step is meant without a number" muster show --stacks 1
is "$(cat out)" "$(cat stacks)" "and has the same"

# shellcheck disable=SC2016 # the job expands it
runs 0 "a hang may be a cause to start again" submit --wait -n 2 -o again.out --hang-timeout=1s \
  --restart="on=hang max=2 backoff=0s" \
  --wrap 'muster run sh -c "test $MUSTER_RESTART_COUNT -gt 0 || exec sleep 1000"'
is "$(field 3 '.earlier[0].why.cause')" hang "which the record says"
runs 0 "the stacks of the first attempt can still be read" muster show --stacks 3 --attempt 1 --step 0
like out "^process [0-9]*, sleep" "and are there"
runs 1 "the second has none" muster show --stacks 3
like err "no stacks are kept" "which is said"

# shellcheck disable=SC2016
runs 0 "a rank that computes without output does not hang, nor do those that wait for it" \
  submit --wait -n 2 -o busy.out --hang-timeout=1s \
  --wrap 'muster run sh -c "test \$MUSTER_RANK = 1 || exec timeout -s KILL 4 sh -c \"while :; do :; done\"; timeout 3 sleep 1000 || true" || test $? = 137'
# shellcheck disable=SC2016
runs 0 "nor does one that writes" submit --wait -n 2 -o writes.out --hang-timeout=1s \
  --wrap 'muster run sh -c "for i in 1 2 3 4 5 6; do timeout 0.5 sleep 1000; test \$MUSTER_RANK = 1 || echo \$i; done"'
runs 1 "one that polls without a word does, if only output counts" \
  submit --wait -n 1 -o polls.out --hang-timeout=1s,output --wrap 'muster run sh -c "while :; do :; done"'
like polls.out "hung: no output for [1-5]s" "which is said so"
runs 0 "a step may have its own time, or none" submit --wait -n 1 -o own.out --hang-timeout=1s \
  --wrap 'muster run --hang-timeout=0 sleep 3'
runs 1 "or one where the job has none" submit --wait -n 1 -o own.out --wrap 'muster run --hang-timeout=1s sleep 1000'
runs 0 "a script's own waiting is no step's" submit --wait -n 1 --hang-timeout=1s --wrap 'sleep 3'
cat >directive.sh <<'EOF'
#!/bin/sh
#SUBMIT --hang-timeout=1s
muster run sleep 1000
EOF
runs 1 "a directive says it too" submit --wait -n 1 -o directive.out directive.sh
like directive.out "hung" "for the script's steps"

runs 1 "a time without a unit is refused" submit --hang-timeout=10 --wrap true
like err "'10' is no time after which a step hangs; expected whole seconds with a unit" "with what is expected"
runs 1 "and so is another word than output" submit --hang-timeout=10m,cpu --wrap true
runs 2 "stacks are no JSON" muster show --stacks --json 1

runs 1 "a hang is no exit code" submit --wait -o none.out --hang-timeout=1s --restart='on=exit max=1 backoff=0s' \
  --wrap 'muster run sleep 1000'
is "$(field last .attempt)" 1 "for restart policies"
done_testing
