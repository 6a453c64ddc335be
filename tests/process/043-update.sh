#!/bin/sh
# Requests that change: of jobs that wait, of one that runs, and through the death of the controller.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 1 --cpus-per-node 4

submitted() {
  submit --parsable "$@"
}

blocker=$(submitted -c 4 -t 30 -- sleep 600)
wait_for 20 "a job has the node" state_is "$blocker" running
waiting=$(submitted -c 4 -t 60 -J first --comment old -- true)
submitted_at=$(field "$waiting" .submitted_at)

runs 0 "a waiting job is changed" muster update "$waiting" --time 2h -n2 -c 1 --priority high --comment new
is "$(cat "$T/out" "$T/err")" "" "without a word"
is "$(field "$waiting" '[.time_limit, .layout.tasks, .priority, .comment, .name] | join(" ")')" \
  "7200s 2 500 new first" "as it was told to, and nowhere else"
is "$(field "$waiting" .submitted_at)" "$submitted_at" "and keeps its age"
is "$(field "$waiting" .changed_by)" "$(id -un)" "which names who did it"
runs 0 "show has it" muster show "$waiting"
like "$T/out" "^changed +.* by $(id -un)" "for people"
runs 0 "why speaks of the new request" muster why "$waiting"
like "$T/out" "2 (free )?cores" "with its numbers"
runs 0 "events tell of it" muster events --from 1 --json
like "$T/out" '"kind":"job_updated".*"fields":\["tasks","cpus_per_task","time_limit","priority","comment"\]' \
  "and of what changed"
like "$MUSTER_DIR/log/musterd.log" "job_updated" "and the log"

runs 1 "what no node has is refused" muster update "$waiting" -c 5 --priority low
is "$(field "$waiting" '[.layout.cpus_per_task, .priority] | join(" ")')" "1 500" "whole"
runs 1 "a pool that is none is refused" muster update "$waiting" -p nowhere
like "$T/err" "no pool 'nowhere'" "by its name"
runs 1 "a deadline too near is refused" muster update "$waiting" --deadline now+1hour
like "$T/err" "the most that can run is --time=(01:00:00|00:59:59)" "with what could run"
runs 1 "a job cannot wait for itself" muster update "$waiting" -d "afterok:$waiting"
like "$T/err" "job $waiting would wait for itself" "which is said"
runs 2 "a change has something to change" muster update "$waiting"
like "$T/err" "nothing to change; give what is to change" "or says so"
runs 2 "a change names a job" muster update --time 1h
runs 2 "words of other schedulers are recognised" muster update "$waiting" TimeLimit=5
like "$T/err" "an option begins with two dashes, such as --time=2h" "and translated"
runs 2 "an option that is none of a change is refused" muster update "$waiting" --wrap x
runs 1 "a value that is none is refused" muster update "$waiting" --time soon
like "$T/err" "^muster update: --time: " "by its option"
runs 1 "one of several is refused" muster update "$waiting" 4000 --comment both
like "$T/err" "^muster update: 4000: there is no job 4000" "by its id"
is "$(field "$waiting" .comment)" both "and the others are done"

muster update "$waiting" --time= --begin now+1hour
kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
runs 0 "the cluster comes back" muster up
is "$(field "$waiting" '[.time_limit, .comment, .reason.kind] | join(" ")')" " both begin_time" \
  "a change outlives the controller"

runs 1 "of a running job nothing else changes" muster update "$blocker" --time 20 --pool local
like "$T/err" "of a running job only --time and --grow-after can change, not --pool" "which is said"
runs 0 "the limit of a running job becomes shorter" muster update "$blocker" --time 10
is "$(field "$blocker" .time_limit)" 600s "for good"
runs 0 "and for the owner of the cluster longer" muster update "$blocker" --time 40
has_run_a_while() {
  [ $(($(date +%s) - $(date -d "$(field "$blocker" .started_at)" +%s))) -ge 3 ]
}
wait_for 20 "it has run a while" has_run_a_while
runs 1 "but not shorter than it has run" muster update "$blocker" --time 0:01
like "$T/err" "to end it: muster cancel $blocker" "with what to do"
ran_for=$(($(date +%s) - $(date -d "$(field "$blocker" .started_at)" +%s)))
muster update "$blocker" --time "$((ran_for + 3))s"
runs 143 "it is ended by its new limit" muster wait "$blocker"
is "$(field "$blocker" .state)" timed_out "for that reason"
runs 1 "a job that has ended stays as it was" muster update "$blocker" --time 5
like "$T/err" "job $blocker has already ended" "which is said"

runs 0 "a begin time is taken back" muster update last --begin=
runs 0 "and the job runs" muster wait "$waiting"

first=$(submitted --hold -- false)
second=$(submitted -d "afterok:$first" -o "$T/here.out" -- echo done)
runs 0 "a dependency and the output are others" muster update "$second" -d "afterany:$first" -o there.out
muster release "$first"
runs 0 "the job starts after what it waits for now" muster wait "$second"
is "$(cat "$T/there.out")" "done" "and writes there, from the job's directory"

array=$(submitted -a 0-9%1 -- sleep 600)
wait_for 20 "one task runs" state_is "${array}_0" running
runs 0 "the limit of an array grows" muster update "$array" --array-limit 3
wait_for 20 "and more run" state_is "${array}_2" running
runs 1 "a task that waits is its array's" muster update "${array}_7" --comment x
like "$T/err" "until a task starts, name the array" "which is said"
runs 0 "the time of a running task changes" muster update "${array}_1" --time 30
is "$(field "${array}_1" .time_limit)" 1800s "its own"
is "$(field "$array" .time_limit)" null "and not that of the others"
muster cancel "$array"
done_testing
