#!/bin/sh
# Jobs that start again after they failed, as --restart says, and end for good otherwise.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

cat >flaky.sh <<'END'
#!/bin/sh
#SUBMIT --restart="on=exit:75-79 max=5 backoff=0s" --output=flaky.out
echo "start $MUSTER_RESTART_COUNT after '$MUSTER_RESTART_REASON'" >>starts
[ "$MUSTER_RESTART_COUNT" -eq 2 ] || exit 75
echo done
END
runs 0 "a job comes to its end in its third attempt" submit --wait flaky.sh
like starts "^start 0 after ''$" "the first attempt has no reason"
like starts "^start 1 after '.*exited with code 75'$" "the second knows why"
is "$(wc -l <starts)" 3 "there were three starts"
is "$(field 1 .attempt)" 3 "the record counts them"
is "$(field 1 '.earlier | length')" 2 "and keeps how the first two ended"
is "$(field 1 .restart)" "on=exit:75-79 max=5 backoff=0s..0s" "the policy is in the record"
muster show 1 >shown
like shown "restart +on=exit:75-79 max=5" "muster show prints it"

runs 3 "another exit code ends the job" submit --wait --restart="on=exit:75-79 backoff=0s" --wrap 'exit 3'
runs 75 "the last attempt's code is the job's" submit --wait --restart="on=exit:75 max=1 backoff=0s" --wrap 'exit 75'
is "$(field 3 .attempt)" 2 "after as many restarts as were allowed"

# shellcheck disable=SC2016 # the job expands it
runs 0 "a process that a signal killed" submit --wait --restart="on=signal backoff=0s" \
  --wrap 'test "$MUSTER_RESTART_COUNT" -gt 0 || kill -9 $$'
is "$(field 4 '.earlier[0].why.cause')" signal "is a cause of its own"

# shellcheck disable=SC2016
runs 0 "a rank that fails" submit --wait -n 2 --restart="on=exit:76 backoff=0s" \
  --wrap 'muster run -n 2 sh -c "test $MUSTER_RESTART_COUNT -gt 0 || exit 76"'
is "$(field 5 '.earlier[0].why.step')" 0 "is named with its step in the record"

# shellcheck disable=SC2016
runs 0 "tasks of an array start again one by one" submit --wait --array=0-3 --restart="on=exit backoff=0s" \
  --wrap 'test "$MUSTER_RESTART_COUNT" -ge $((MUSTER_ARRAY_TASK_ID % 2)) || exit 9'

paused=$(submit --parsable --restart="on=exit backoff=1h" --wrap 'exit 9')
wait_for 20 "a job pauses before its restart" sh -c "muster why $paused | grep -q 'a pause after its last attempt'"
runs 0 "its policy can be taken back" muster update "$paused" --restart=
is "$(field "$paused" .restart)" "" "and is gone"
runs 0 "and it can be cancelled" muster cancel "$paused"
wait_for 20 "for good" state_is "$paused" cancelled

# shellcheck disable=SC2016
runs 0 "a job that fails on one node" submit --wait -o avoid.out --restart="on=exit backoff=0s avoid-nodes" \
  --wrap 'test "$MUSTER_NODE" = n2'
avoiding=$(muster show last --json | jq .job)
is "$(field "$avoiding" .nodes)" n2 "starts again on another"
is "$(field "$avoiding" '.avoids[0]')" n1 "and its record says which it keeps away from"

runs 1 "a cause that does not exist is refused" submit --restart=on=exti --wrap true
like err "exti.*is no cause of a restart.*did you mean exit" "with what was meant"
runs 1 "so is none at all" submit --restart= --wrap true
like err "expected a policy, such as" "with what a policy is"
runs 1 "so are exit codes that are none" submit --restart=on=exit:300 --wrap true
runs 1 "and what contradicts --no-requeue" submit --no-requeue --restart=on=node --wrap true
like err "no-requeue" "with both names"

done_testing
