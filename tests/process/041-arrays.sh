#!/bin/sh
# Arrays: many tasks from one submission, each with its index; what is pending is one row.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 1 --cpus-per-node 4

cat >task.sh <<'EOS'
#!/bin/sh
echo "$MUSTER_ARRAY_JOB_ID $MUSTER_ARRAY_TASK_ID of $MUSTER_ARRAY_TASK_COUNT" \
  "$MUSTER_ARRAY_TASK_MIN-$MUSTER_ARRAY_TASK_MAX:$MUSTER_ARRAY_TASK_STEP"
[ "$MUSTER_ARRAY_TASK_ID" != 5 ] || exit 3
[ "$MUSTER_ARRAY_TASK_ID" != 7 ] || exit 2
EOS
runs 3 "submit --wait exits with the highest code of the tasks" \
  submit --wait --parsable --array 1-9:2 -o "out-%A-%a" task.sh
array=$(cat "$T/out")
is "$(cat "out-$array-9")" "$array 9 of 5 1-9:2" "a task knows its array and its index"
is "$(field "$array" .state)" failed "the array ends as its worst task"
is "$(field "$array" .tasks.n_completed)" 3 "and counts the others"
is "$(field "${array}_5" .outcome.exit_code)" 3 "a task has a record of its own"
is "$(field "${array}_5" .array_task)" 5 "by its index"
runs 0 "and a log" muster logs "${array}_9"
like "$T/out" "^$array 9 of 5" "with what it wrote"
runs 1 "a task that is none is refused" muster show "${array}_4"
like "$T/err" "array $array has no task 4; its tasks are 1-9:2" "with those that are"

big=$(submit --parsable --hold -a 0-999999%2 -- sleep 30)
runs 0 "jobs shows what is pending as one row" muster jobs
like "$T/out" "^ *${big}_\[0-999999%2\]" "with its limit"
is "$(muster jobs --json --all | jq '.jobs | length')" 7 "a million tasks are one record"
runs 0 "some tasks are cancelled" muster cancel "${big}_[2-999999]"
runs 1 "a cancelled task has ended" muster wait "${big}_7"
muster release "$big"
wait_for 20 "the others run" state_is "$big" running
runs 0 "jobs shows tasks" muster jobs
like "$T/out" "^ *${big}_1 .*running" "by array and index"
runs 0 "a running task is cancelled" muster cancel "${big}_0"
runs 143 "and ends" muster wait "${big}_0"
runs 0 "the whole array is cancelled" muster cancel "$big"
runs 143 "and ends with the highest code" muster wait "$big"
is "$(field "$big" .state)" cancelled "as cancelled"

runs 1 "an empty range is refused" submit -a 5-1 task.sh
like "$T/err" "'5-1' goes backwards; expected 1-5" "with what would do"
runs 1 "too many tasks are refused" submit -a 0-1000000 task.sh
like "$T/err" "the most that one array can have is 1000000, as in 0-999999" "with the most"
runs 1 "a limit of none is refused" submit -a 1-5%0 task.sh

first=$(submit --parsable -a 0-2 -o "first-%a" task.sh)
runs 0 "an array follows another one task by task" \
  submit --wait -a 0-2 -d "aftercorr:$first" -o "second-%a" task.sh
runs 0 "last is the newest array" muster show last --json
is "$(jq -r .state "$T/out")" completed "not one of its tasks"
done_testing
