#!/bin/sh
# muster simulate with jobs that make room for others: what is counted, who yields, and the order served.
. "$(dirname "$0")/lib.sh"

LOG=$ROOT/tests/traces/gpu.csv
TRACES=$ROOT/../shared/data/traces
DEADLINE=240  # a thousand preemptions take a while

"$ROOT/tests/traces/generate-gpu" >again.csv
runs 0 "the trace of the tests is what its script prints" cmp "$LOG" again.csv

# figure FIELD [POLICY]: a figure of the first or the named policy, from the output of the last run.
figure() {
  jq -r "[.[] | select(.policy == \"${2:-}\" or \"${2:-}\" == \"\")][0] | .$1 | . * 1000 | round / 1000" out
}

# By hand: an urgent job of all GPUs comes after 30 s of 100 s.
cat >two.csv <<'END'
job_id,num_gpu,submit_time,duration,class
0,64,0,100000,low
1,64,30000,20000,urgent
END
runs 0 "a job makes room" muster simulate two.csv --json --schedule two.swf
is "$(figure preemptions) $(figure lost_work_s) $(figure turnaround_mean_s)" "1 1920 85" "what it had not saved is lost"
is "$(grep -v '^;' two.swf | cut -d' ' -f3 | tr '\n' ' ')" "50 0 " "in the schedule a wait is what is not run time"
runs 0 "a job saves when it makes room" muster simulate two.csv --json --checkpoint always
is "$(figure preemptions) $(figure lost_work_s) $(figure turnaround_mean_s)" "1 0 70" "and nothing is lost"
runs 0 "a job saves each 20 s" muster simulate two.csv --json --checkpoint 20s --restart-cost 5s
is "$(figure preemptions) $(figure lost_work_s) $(figure turnaround_mean_s)" "1 960 77.5" "what came after is lost, and the restart"
cat >calm.toml <<'END'
[[pool]]
name = "p"
cpus_per_node = 8
[[class]]
name = "normal"
[[class]]
name = "low"
[[class]]
name = "urgent"
base = 10000
END
runs 0 "classes of a configuration count" muster simulate two.csv --json --config calm.toml
is "$(figure preemptions) $(figure turnaround_mean_s)" "0 95" "where none names another, nobody makes room"

runs 0 "orders are compared on a trace of heavy tails" muster simulate "$LOG" --json --policy fcfs,served \
  --estimates none --checkpoint always
cp out told-nothing
served=$(figure turnaround_mean_s served)
fcfs=$(figure turnaround_mean_s fcfs)
note "mean turnaround: fcfs $fcfs, served $served, $(figure preemptions served) preemptions"
is "$(figure lost_work_s served)" 0 "nothing that saves at once is lost"
runs 0 "who is served least comes first: half of the mean turnaround, or less" \
  test "$(awk "BEGIN { print ($served < $fcfs / 2) }")" = 1
runs 0 "jobs that do not save make room for urgent ones only" muster simulate "$LOG" --json --policy fcfs,served \
  --estimates none
runs 0 "then service preempts no more than fcfs does, or little" \
  test "$(figure preemptions served)" -lt "$(jq '.[1].preemptions / 2 | floor' told-nothing)"

cat >firm.toml <<'END'
[[pool]]
name = "p"
cpus_per_node = 8
[[class]]
name = "normal"
yields = false
END
runs 0 "a class need not yield" muster simulate "$LOG" --json --policy served --estimates none --checkpoint always \
  --config firm.toml
is "$(figure preemptions)" 0 "then nobody is preempted"

runs 2 "a wrong time is refused" muster simulate two.csv --checkpoint soon
like err "expected none, always or a time" "with what was expected"

if [ -d "$TRACES" ]; then
  # Tiresias by the simulator of Muri (SIGCOMM 2022), no cost of restarts: 3,261,562 s and 340,306 s.
  cat >often.toml <<'END'
[[pool]]
name = "p"
cpus_per_node = 8
[[class]]
name = "normal"
max_preemptions = 1000
END
  for each in "muri-trace1.csv 3261562 0.57" "muri-trace3.csv 340306 0.95"; do
    # shellcheck disable=SC2086
    set -- $each
    runs 0 "$1 is replayed" muster simulate "$TRACES/$1" --json --policy served --estimates none \
      --checkpoint always --config often.toml
    jct=$(figure turnaround_mean_s)
    note "$1: mean turnaround $jct s, $(figure preemptions) preemptions, $(awk "BEGIN { print $jct / $2 }") of Tiresias'"
    runs 0 "the mean turnaround is at most $3 of Tiresias'" test "$(awk "BEGIN { print ($jct <= $3 * $2) }")" = 1
  done

  # A tenth of the jobs is urgent, by a seed.
  kth=$TRACES/KTH-SP2.easy.swf.gz
  zcat "$kth" | awk '/^;/ { print; next } { s = (16807 * (s ? s : 7)) % 2147483647; $15 = s % 10 ? 1 : 2; print }' >kth.swf
  cat >kth.toml <<'END'
[[pool]]
name = "p"
cpus_per_node = 100
[scheduler]
order = "fcfs"
default_class = "1"
[[class]]
name = "1"
[[class]]
name = "2"
base = 10000
preempts = ["1"]
END
  sed 's/^preempts.*//' kth.toml >kth-calm.toml
  for saving in none 30m always; do
    runs 0 "KTH with urgent jobs is replayed: checkpoint $saving" muster simulate kth.swf --machine 100 --json \
      --config kth.toml --checkpoint $saving --schedule "kth-$saving.swf"
    eval "lost_$(echo $saving | tr -d -c a-z)=$(figure lost_work_s) n_$(echo $saving | tr -d -c a-z)=$(figure preemptions)"
    note "checkpoint $saving: $(figure preemptions) preemptions, $(figure lost_work_s) core s lost"
  done
  runs 0 "and without preemption" muster simulate kth.swf --machine 100 --json --config kth-calm.toml --schedule kth-calm.swf
  is "$(figure preemptions)" 0 "nobody is preempted then"
  is "$lost_always" 0 "who saves at once loses nothing"
  runs 0 "who saves each 30 minutes loses less than who never does" \
    test "$(awk "BEGIN { print ($lost_m > 0 && $lost_m < $lost_none / 2) }")" = 1
  runs 0 "there are hundreds of preemptions" test "$n_none" -gt 300
  # urgent_wait LOG: the mean wait of the urgent jobs.
  urgent_wait() { awk '!/^;/ && $15 == 2 { s += $3; n++ } END { printf "%d", s / n }' "$1"; }
  note "mean wait of urgent jobs: $(urgent_wait kth-calm.swf) s, with preemption $(urgent_wait kth-none.swf) s"
  runs 0 "urgent jobs wait a tenth as long as without preemption, or less" \
    test "$(urgent_wait kth-none.swf)" -lt "$(($(urgent_wait kth-calm.swf) / 10))"
else
  note "the traces of published figures are not here: $TRACES"
fi

done_testing
