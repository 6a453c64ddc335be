#!/bin/sh
# An urgent job makes a low one make room; that one saves its work, starts again and goes on.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 1 --cpus-per-node 2

mkfifo never
cat >train.sh <<'END'
#!/bin/bash
#SUBMIT --class=low --ntasks=2 --signal=USR1@60
count=$(cat count 2>/dev/null || echo 0)
save() {
  echo "$count" >count
  touch "$MUSTER_CHECKPOINT_FILE"
}
trap 'save; echo "saved $count in attempt $MUSTER_ATTEMPT"; exit 3' USR1
echo "from $count in attempt $MUSTER_ATTEMPT"
until [ -e enough ]; do
  count=$((count + 1))
  read -rt 0.05 <>never
done
echo "ended in attempt $MUSTER_ATTEMPT"
END
low=$(submit --parsable train.sh)
wait_for 20 "the low job runs" grep -qs "from 0 in attempt 1" "muster-$low.out"
runs 0 "an urgent job runs on the same cores" submit --wait --class=urgent --ntasks=2 -- true
like "muster-$low.out" "^saved [1-9][0-9]* in attempt 1$" "the low job got its signal and the time to save"
wait_for 20 "and runs again" grep -qs "from [1-9][0-9]* in attempt 2" "muster-$low.out"
is "$(field "$low" '.earlier[0].why.cause')" preempted "its record says why the first attempt ended"
like "muster-$low.out" "^from $(cat count) in attempt 2$" "it goes on where it was"
wait_for 10 "touching its file was its report of a checkpoint" sh -c "muster checkpoint $low && muster show $low --json | jq -e .checkpoint_at"
touch enough
runs 0 "and comes to its end" muster wait "$low"

cat >stubborn.sh <<'END'
#!/bin/bash
#SUBMIT --class=low --ntasks=2
trap 'echo told to stop' TERM
echo up
sleep 1000 &
wait
echo gone
END
stubborn=$(submit --parsable stubborn.sh)
wait_for 20 "a job that asks for no signal runs" grep -qs "^up$" "muster-$stubborn.out"
runs 0 "it makes room at once" submit --wait --class=urgent --ntasks=2 -- true
wait_for 20 "and starts again" state_is "$stubborn" running
runs 0 "cancel ends it" muster cancel "$stubborn"
wait_for 20 "for good" state_is "$stubborn" cancelled

once=$(submit --parsable --class=low --no-requeue -n 2 -- sleep 1000)
wait_for 20 "a job that may not start again runs" state_is "$once" running
runs 0 "an urgent one takes its place" submit --wait --class=urgent -n 2 -- true
is "$(field "$once" .state)" preempted "it is preempted for good"
runs 0 "muster why says so" muster why "$once"
like "$T/out" "was preempted: for job" "naming the job"

runs 1 "an unknown class is refused" submit --class=urgnt -- true
like "$T/err" "did you mean 'urgent'" "with the one that is meant"
runs 1 "a signal that nothing can handle is refused" submit --signal=KILL -- true
like "$T/err" "such as USR1" "with one that can be"
runs 1 "a job that does not run cannot report a checkpoint" muster checkpoint "$once"

high=$(submit --parsable --hold --priority=high -- true)
is "$(field "$high" .priority)" 500 "priorities have names"
busy=$(submit --parsable -n 2 -t 5 -- sleep 100)
wait_for 20 "the node is busy" state_is "$busy" running
submit --class=urgent -n 2 -- true >/dev/null
submit -n 2 --priority=-5 -A physics -- true >/dev/null
runs 0 "muster priority lists who comes first" muster priority
is "$(awk 'NR > 1 { print $4 }' "$T/out" | tr '\n' ' ')" "urgent normal " "urgent jobs before normal ones"

done_testing
