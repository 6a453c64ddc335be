#!/bin/sh
# Nodes that are prepared for a job before its script starts, and the directories that it has there.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

# No launch of a preparation and none of its directories is left.
nothing_left() {
  no_sleepers && ! find "$MUSTER_DIR" -name 'tmp' -o -name 'tmp-*' -o -name mounts | grep .
}
no_sleepers() {
  ! pgrep -f "^sleep 980$T_NUMBER" >/dev/null
}
T_NUMBER=$$

cat >prepared.sh <<'END'
#!/bin/sh
#SUBMIT -N 2 --ntasks-per-node=1 -o prepared.out
#SUBMIT --prepare="hostname >made.$MUSTER_NODE && echo from $MUSTER_NODE | tee $MUSTER_JOB_TMP/word"
ls made.n1 made.n2 && cat "$MUSTER_JOB_TMP/word"
muster run sh -c 'cat "$MUSTER_JOB_TMP/word"'
END
runs 0 "a job is prepared on both of its nodes" submit --wait prepared.sh
is "$(sort prepared.out | tr '\n' ' ')" "from n1 from n1 from n2 made.n1 made.n2 " \
  "its script and its ranks find what was made on their node"
muster logs 1 --prepare --node n2 >log
is "$(cat log)" "from n2" "muster logs has what the preparation of a node wrote"
is "$(muster logs 1 --prepare | sort | tr '\n' ' ')" "from n1 from n2 " "and that of all"
wait_for 10 "nothing of it is left" nothing_left

# A5: ranks that meet by a file in a directory that all nodes of the job share.
cat >meet.sh <<'END'
#!/bin/sh
#SUBMIT -N 2 -n 4 --shared-tmp -o meet.out
[ "$MUSTER_SHARED_TMP" = "$AZ_BATCHAI_SHARED_JOB_TEMP" ] || exit 8
muster run sh -c 'touch "$AZ_BATCHAI_SHARED_JOB_TEMP/rank.$MUSTER_RANK"
  until [ "$(ls "$AZ_BATCHAI_SHARED_JOB_TEMP" | wc -l)" -eq 4 ]; do sleep 0.05; done
  echo "$MUSTER_RANK of $(ls "$AZ_BATCHAI_SHARED_JOB_TEMP" | wc -l)"'
END
runs 0 "ranks on two nodes meet by files in their shared directory" submit --wait meet.sh
is "$(sort meet.out | tr '\n' ' ')" "0 of 4 1 of 4 2 of 4 3 of 4 " "which all of them see"
wait_for 10 "and which is gone after them" nothing_left

# shellcheck disable=SC2016 # the job expands it
runs 3 "a preparation that fails on one of two nodes fails the job" submit --wait -N 2 --ntasks-per-node=1 -o failed.out \
  --prepare 'echo trouble on $MUSTER_NODE >&2; test $MUSTER_NODE = n1 || exit 3' --wrap 'touch started'
failed=$(field last .job)
is "$(field "$failed" .outcome.failure.cause)" preparation "with a cause of its own"
is "$(field "$failed" .outcome.failure.node)" n2 "and the node"
is "$(test -e started || echo no)" no "its script never started"
muster show "$failed" >shown
like shown "^preparation +the preparation on n2 exited with code 3: .*muster logs $failed --prepare --node n2" \
  "muster show names the node, the code and where the log is"
muster logs "$failed" --prepare --node n2 >log
like log "^trouble on n2$" "the log has what it wrote"
runs 1 "the log of the script is refused" muster logs "$failed"
like err "has not started.*--prepare" "with what there is in its place"
wait_for 10 "nothing of it is left" nothing_left

# shellcheck disable=SC2016
runs 0 "a failed preparation starts again where that is asked for" submit --wait -N 2 --ntasks-per-node=1 \
  --restart "on=preparation backoff=0s" --prepare 'test $MUSTER_RESTART_COUNT -gt 0' --wrap true
is "$(field last '.earlier[0].why.cause')" preparation "after the first attempt"

runs 1 "a preparation that takes too long" submit --wait --prepare-timeout 1s --prepare "sleep 980$T_NUMBER" --wrap true
field last .outcome.failure.text >text
like text "within 1s.*--prepare-timeout" "fails with the limit that it reached"
wait_for 10 "nothing of it is left" nothing_left

slow="$(submit --parsable -N 2 --ntasks-per-node=1 --prepare "echo begun; sleep 980$T_NUMBER" --wrap true)"
wait_for 10 "a job that is being prepared" sh -c "muster show $slow --json | jq -e '.state == \"starting\"'"
like_why() { muster why "$slow" | grep -q "preparing n\[1-2\]: 0 of 2 nodes ready"; }
wait_for 10 "says so" like_why
runs 0 "can be cancelled" muster cancel "$slow"
wait_for 10 "and ends as cancelled" state_is "$slow" cancelled
wait_for 10 "nothing of it is left" nothing_left

# After the script, where all that was prepared still is.
# shellcheck disable=SC2016
runs 4 "a job has an epilog" submit --wait -N 2 --ntasks-per-node=1 -o epilog.out --prepare 'echo made >$MUSTER_JOB_TMP/x' \
  --wrap 'echo work >>$MUSTER_JOB_TMP/x; exit 4' --epilog 'cat $MUSTER_JOB_TMP/x && echo "after $MUSTER_NODE" >>after; exit 5'
id=$(field last .job)
after_both() { [ "$(sort after)" = "after n1
after n2" ]; }
wait_for 10 "which runs on all of its nodes" after_both
is "$(field "$id" .outcome.exit_code) $(field "$id" .attempt)" "4 1" "and changes nothing of how the job ended"
muster logs "$id" --prepare --node n1 >log
is "$(cat log)" "made
work
muster: the epilog exited with code 5" "its output is beside that of the preparation, with its code"
wait_for 10 "nothing of it is left" nothing_left
# shellcheck disable=SC2016
id="$(submit --parsable --wrap "touch begun; sleep 980$T_NUMBER" --epilog "sleep 1; touch saved; sleep 980$T_NUMBER" --epilog-timeout 2s)"
wait_for 10 "a job runs" test -e begun
runs 0 "it is cancelled" muster cancel "$id"
wait_for 10 "and ends" state_is "$id" cancelled
wait_for 10 "after its epilog, for as long as that may take" nothing_left
is "$(ls saved)" saved "which had its time"
muster logs "$id" --prepare >log
like log "the epilog did not end within 2s" "and is told what it took too long"
runs 1 "a limit of no epilog is a mistake" submit --epilog-timeout 5s --wrap true
like err "there is no --epilog whose time it limits" "as is said"

# shellcheck disable=SC2016
runs 143 "a job fills its directory" submit --wait --job-tmp-limit 1M --wrap \
  "head -c 3M /dev/zero >\$MUSTER_JOB_TMP/x; sleep 980$T_NUMBER"
field last .summary >summary
like summary "MUSTER_JOB_TMP held 3.*, and may 1M \(--job-tmp-limit\)" "and ends with the reason"
wait_for 10 "nothing of it is left" nothing_left

# Killed at each stage: the launcher while it prepares, and while it holds the node; then the agent.
killed="$(submit --parsable --prepare "sleep 980$T_NUMBER" --wrap true)"
wait_for 10 "a preparation" test -s "$MUSTER_DIR/nodes/n1/launches/$killed.1.prepare/sessions"
kill -KILL "$(launcher_of n1 "$killed.1.prepare")"
wait_for 10 "that loses its launcher fails the job" state_is "$killed" failed
is "$(field "$killed" .outcome.failure.text)" "it lost its launcher: it was killed by signal 9" "for that reason"
wait_for 10 "nothing of it is left" nothing_left

killed="$(submit --parsable --prepare true --wrap "sleep 980$T_NUMBER")"
wait_for 10 "a job runs" state_is "$killed" running
kill -KILL "$(launcher_of n1 "$killed.1.prepare")"
wait_for 10 "and fails when the launcher of its preparation is gone" state_is "$killed" failed
wait_for 10 "nothing of it is left" nothing_left

# shellcheck disable=SC2016
mkfifo go
killed="$(submit --parsable --prepare 'read -r word <go; echo $word >$MUSTER_JOB_TMP/x' \
  --wrap 'cat $MUSTER_JOB_TMP/x >kept')"
wait_for 10 "a preparation" test -s "$MUSTER_DIR/nodes/n1/launches/$killed.1.prepare/sessions"
kill -KILL "$(agent_of n1)"
echo x >go
wait_for 20 "goes on without its agent, and then its script" state_is "$killed" completed
is "$(cat kept)" x "which finds what was prepared"
wait_for 10 "nothing of it is left" nothing_left

killed="$(submit --parsable --prepare true --wrap "sleep 980$T_NUMBER")"
wait_for 10 "a job runs" state_is "$killed" running
holder=$(launcher_of n1 "$killed.1.prepare")
kill -KILL "$(agent_of n1)" "$holder"
wait_for 20 "the loss of launcher and agent fails it" state_is "$killed" failed
wait_for 10 "nothing of it is left" nothing_left
done_testing
