#!/bin/sh
# Jobs that start after others, at a time, or not at all; parents that only history knows.
. "$(dirname "$0")/lib.sh"

mkdir "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'TOML'
[limits]
jobs_kept = 1

[[pool]]
name = "local"
nodes = 1
cpus_per_node = 4
TOML
cluster_up

submitted() {
  submit --parsable "$@"
}

old=$(submitted --wait -- true)
submitted --wait -- true >/dev/null
submitted --wait -- true >/dev/null
runs 0 "a job depends on one that only history knows" submit --wait -d "afterok:$old" -- true
runs 1 "a dependency that can never be met is refused" submit -d "afternotok:$old" -- true
like "$T/err" "can never be met: afternotok:$old, but job $old has completed" "with the reason"
runs 1 "a job that never was is refused" submit -d afterok:4000 -- true
like "$T/err" "there is no job 4000" "by its name"
runs 1 "a dependency that is none is refused" submit -d afterokay:1 -- true
like "$T/err" "did you mean 'afterok'" "with what was meant"

first=$(submitted --hold -- false)
second=$(submitted -d "afterok:$first" -- true)
third=$(submitted -d "afternotok:$first" -- true)
fourth=$(submitted -d "after:$first?singleton" -J alone -- true)
runs 0 "a job whose other branch holds starts" muster wait "$fourth"
runs 0 "why names what is open" muster why "$second"
like "$T/out" "waits for afterok:$first \(job $first is waiting\)" "and how that stands"
muster release "$first"
runs 1 "a failed parent cancels those that need it" muster wait "$second"
like "$T/err" "afterok:$first, but job $first has failed" "with the reason"
is "$(field "$second" .outcome.failure.cause)" dependency "which is typed"
runs 0 "and starts those that wait for that" muster wait "$third"

began=$(date +%s)
runs 0 "a job begins when it was asked to" submit --wait --begin now+2 -- true
is "$(($(date +%s) - began >= 2))" 1 "and not before"
late=$(submitted --begin now+1hour --deadline now+2hours -- true)
is "$(field "$late" .reason.kind)" begin_time "the reason is typed"
muster cancel "$late"
runs 1 "a deadline too near is refused" submit -t 1:00:00 --deadline now+10minutes -- true
like "$T/err" "the most that can run is --time=00:(10:00|09:59)" "with what could run"
short=$(submitted --deadline now+2 -- sleep 60)
runs 143 "a running job is ended at its deadline" muster wait "$short"
is "$(field "$short" .outcome.failure.cause)" deadline "for that reason"
done_testing
