#!/bin/sh
# A job with a range of nodes is started again on more of them when they come free and nobody who waits needs them. It
# saves its work first, and nobody takes in the meantime what it starts again on.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 3 --cpus-per-node 1

mkfifo never
cat >hold.sh <<'END'
#!/bin/bash
until [ -e "$1" ]; do read -rt 0.05 <>never; done
true
END
cat >train.sh <<'END'
#!/bin/bash
#SUBMIT --nodes=1-3 --grow-after=1s --signal=USR1@60
save() {
  until [ -e saved ]; do read -rt 0.05 <>never; done
  echo "saved in attempt $MUSTER_ATTEMPT"
  exit 0
}
trap save USR1
echo "restart $MUSTER_RESTART_COUNT on $MUSTER_NNODES: $MUSTER_RESTART_REASON"
until [ -e enough ]; do read -rt 0.05 <>never; done
true
END
has_run_for_two_seconds() {
  [ $(($(date +%s) - $(date -d "$(field "$1" .started_at)" +%s))) -ge 2 ]
}

blocker=$(submit --parsable -N 2 hold.sh first)
train=$(submit --parsable train.sh)
wait_for 20 "it runs on the one node that is left" grep -qs "restart 0 on 1" "muster-$train.out"
is "$(field "$train" .grow_after)" 1s "and says that it is to grow"
waiting=$(submit --parsable -N 2 hold.sh second)
wait_for 20 "after its time, while two are in use, it is left alone" has_run_for_two_seconds "$train"
touch first
wait_for 20 "when they come free, the job runs that waited for them" state_is "$waiting" running
is "$(field "$train" .state)$(field "$train" .attempt)" running1 "and no other is started again for it"

touch second
wait_for 20 "when these are free, the job saves its work" state_is "$train" ending
runs 0 "muster why says what for" muster why "$train"
like "$T/out" "is ending on n3: the job is started again to grow from 1 to 3 nodes" "with the numbers"
late=$(submit --parsable -- true)
is "$(field "$late" .state)" waiting "nobody takes the nodes that it starts again on"
runs 0 "and why says whose they are" muster why "$late"
like "$T/out" "job $train" "by its number"
touch saved
wait_for 20 "then it runs on all three" grep -qs "restart 1 on 3" "muster-$train.out"
like "muster-$train.out" "the job is started again to grow from 1 to 3 nodes" "and finds why"
is "$(sed -n 2p "muster-$train.out")" "saved in attempt 1" "its signal came first"
is "$(field "$train" '.earlier[0].why.cause')" grow "the record has the cause"
runs 0 "show" muster show "$train"
like "$T/out" "earlier *attempt 1 on n3: the job is started again to grow from 1 to 3 nodes" "has it, too"
like "$T/out" "grow after  *1s" "and when it grows"
like "$MUSTER_DIR/log/musterd.log" "attempt_grows.* nodes=n\[1-3\]" "the log names the nodes"
is "$(muster events --json | jq -r 'select(.kind == "attempt_grows") | .promised | length')" 3 "an event their number"
runs 0 "it need not grow any more" muster update "$train" --grow-after=
touch enough
runs 0 "it comes to its end" muster wait "$train" "$late" "$blocker" "$waiting"

runs 1 "without a range nothing grows" submit -N 2 --grow-after=1m -- true
like "$T/err" "give a range, such as --nodes=2-8" "which is said"
runs 1 "a time without a unit is refused" submit -N 1-2 --grow-after=10 -- true
like "$T/err" "expected a time of a second or more, such as 30m" "with an example"

done_testing
