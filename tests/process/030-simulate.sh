#!/bin/sh
# muster simulate: figures of a log that never changes, formats, outputs, mistakes, and the history of a cluster.
. "$(dirname "$0")/lib.sh"

LOG=$ROOT/tests/traces/small.swf

"$ROOT/tests/traces/generate" >"$T/again.swf"
runs 0 "the log of the tests is what its script prints" cmp "$LOG" "$T/again.swf"

runs 0 "a log is replayed" muster simulate "$LOG"
like out '^small.swf: 194 jobs on 32 cores$' "the log and its machine are named"
like out '^dropped 6 of 200 jobs: 1 larger than the machine, 5 without a run time$' "dropped jobs are counted"
like out '^mean wait, s +[0-9.]+$' "figures are printed"

# figure POLICY FIELD
figure() {
  jq -r ".[] | select(.policy == \"$1\") | .$2 | . * 1000 | round" "$T/figures"
}

runs 0 "several policies are compared" muster simulate --json --policy fcfs,sjf --policy lxf,wfp3 "$LOG"
cp out figures
is "$(jq -r '[.[].policy] | join(" ")' figures)" "fcfs sjf lxf wfp3" "JSON has an object for each policy"
is "$(jq -r '.[0] | keys_unsorted | join(" ")' figures)" \
  "policy jobs wait_mean_s wait_median_s wait_p95_s wait_p99_s wait_max_s ave_bsld turnaround_mean_s utilization \
preemptions lost_work_s passes pass_mean_us pass_max_us" "JSON has all figures"
is "$(figure fcfs wait_mean_s) $(figure fcfs ave_bsld) $(figure fcfs utilization)" "2333814 12401 579" "the figures of fcfs"
is "$(figure sjf wait_mean_s) $(figure sjf ave_bsld) $(figure sjf utilization)" "2076340 5045 527" "the figures of sjf"
is "$(figure lxf wait_mean_s) $(figure lxf ave_bsld) $(figure lxf utilization)" "2292113 6148 536" "the figures of lxf"
is "$(figure wfp3 wait_mean_s) $(figure wfp3 ave_bsld) $(figure wfp3 utilization)" "2615309 6089 553" "the figures of wfp3"

gzip -c "$LOG" >small.swf.gz
runs 0 "a compressed log is read" muster simulate --json small.swf.gz --schedule out.swf --chart out.svg
is "$(jq '.[0].wait_mean_s' out)" "$(jq '.[0].wait_mean_s' figures)" "its figures are the same"
is "$(grep -vc '^;' out.swf)" 194 "the schedule has a line for each job"
is "$(grep -v '^;' out.swf | awk '{ s += $3 } END { printf "%.6f", s / NR }')" \
  "$(jq -r '.[0].wait_mean_s' figures | awk '{ printf "%.6f", $1 }')" "its third field is the wait"
runs 0 "a schedule is a log" muster simulate --json out.swf
is "$(jq '.[0].ave_bsld' out)" "$(jq '.[0].ave_bsld' figures)" "its figures are those of the log"
like out.svg '^<svg ' "the chart is SVG"

cat >gpu.csv <<'END'
job_id,num_gpu,submit_time,duration,model_name
0,64,0,60000,vgg16
1,1,1000,60000,bert
END
runs 0 "a GPU trace is replayed on 8 nodes of 8 GPUs" muster simulate gpu.csv --json
is "$(jq '.[0].wait_max_s' out)" 59 "a job waits for the GPUs of another"

runs 0 "policies are told predictions" muster simulate --json "$LOG" --policy sjf --estimates predicted
is "$(jq -r '.[0].wait_mean_s * 1000 | round' out)" 3853505 "the figures of sjf by predictions"

cat >muster.toml <<'END'
[scheduler]
order = "wfp3"
backfill_order = "sjf"
[[pool]]
name = "p"
cpus_per_node = 2
END
runs 0 "a configuration is tried on a log" muster simulate --json "$LOG" --config muster.toml
cp out configured
is "$(jq -r '.[0].policy' configured)" wfp3 "the order is the configured one"
runs 0 "the same is said by options" muster simulate --json "$LOG" --policy wfp3 --backfill-order sjf
is "$(jq '.[0].wait_mean_s' configured)" "$(jq '.[0].wait_mean_s' out)" "and has the same schedule"
runs 0 "a key is changed" muster simulate --json "$LOG" --config muster.toml --set scheduler.backfill_order=queue
is "$(jq -r '.[0].wait_mean_s * 1000 | round' out)" "$(figure wfp3 wait_mean_s)" "the change has its effect"
runs 0 "options go before the configuration" muster simulate --json "$LOG" --config muster.toml --policy fcfs \
  --backfill-order queue
is "$(jq -r '.[0].wait_mean_s * 1000 | round' out)" "$(figure fcfs wait_mean_s)" "fcfs is as without it"
runs 0 "fair share is in the defaults" muster simulate --json "$LOG" --set scheduler.size_weight=1
cp out fair
runs 0 "it is left out" muster simulate "$LOG" --json --set scheduler.fair_share=0 --set scheduler.size_weight=1
is "$(jq -r '.[0].policy' fair)" predicted "the default order is production's"
unlike_figures=$(jq -n --slurpfile a fair --slurpfile b out '$a[0][0].wait_mean_s != $b[0][0].wait_mean_s')
is "$unlike_figures" true "fair share changes who waits"
runs 2 "a wrong value is a wrong command line" muster simulate "$LOG" --set scheduler.fair_share=x
like err "^muster simulate: --set: 'scheduler.fair_share': expected a whole number, from 0 to 100, found \"x\"$" "and told"
runs 1 "a wrong configuration is refused" muster simulate "$LOG" --config "$LOG"
like err "^muster simulate: .*small.swf: line 1: " "with file and line"

{
  cat "$LOG"
  echo "201 x"
} >bad.swf
runs 1 "a bad line ends the replay" muster simulate bad.swf
like err "^muster simulate: bad.swf: line 208: expected 18 fields, found 2: '201 x'$" "the bad line is told"
runs 0 "bad lines are skipped on demand" muster simulate bad.swf --skip-bad
like out "^skipped 1 bad line, the first: bad.swf: line 208: expected 18 fields" "skipped lines are told"

runs 1 "a missing log is refused" muster simulate missing.swf
like err "^muster simulate: cannot read 'missing.swf': No such file or directory$" "and named"
runs 2 "a policy that does not exist is a wrong command line" muster simulate --policy best "$LOG"
like err "^muster simulate: --policy: expected fcfs, sjf, lxf, wfp3, predicted or served, found 'best'$" "and told"
runs 1 "an output that cannot be written is told before the work" muster simulate "$LOG" --chart nowhere/x.svg
like err "cannot write 'nowhere/x.svg': No such file or directory$" "with its name"
runs 1 "the log is not overwritten" muster simulate out.swf --schedule out.swf
like err "'out.swf' is the log itself$" "and that is said"

runs 0 "options are explained" muster simulate --help
cp out help
sed -n 's/^ .*--\([a-z-]*\).*/\1/p' help | sort -u >options
is "$(wc -l <options)" 18 "all options are listed"
missing=
while read -r option; do
  grep -Fq "Fl \\-$option" "$ROOT/man/muster-simulate.1" || missing="$missing $option"
done <options
is "$missing" "" "the manual page has every option"

runs 1 "no cluster, no history" muster simulate --history
like err "^muster simulate: cannot read '.*/cluster/muster.toml': No such file or directory$" "and that is said"
cluster_up --nodes 2 --cpus-per-node 2
runs 0 "a job" submit --wait --time 5 -n 2 -- true
runs 0 "a job without a limit" submit --wait -- true
runs 0 "a job on both nodes" submit --wait -N 2 -n 4 -- true
runs 0 "a job that never starts" submit --hold -- true
runs 0 "it is cancelled" muster cancel 4
runs 0 "the history is replayed beside the cluster" muster simulate --history --schedule past.swf
like out '^journal.db: 3 jobs on 2 nodes of 2 cores$' "its jobs and nodes are those of the cluster"
like out '^dropped 1 of 4 jobs: 1 that never started$' "a job that never started is counted"
like out '^ +predicted$' "the policy is that of the cluster"
is "$(grep -v '^;' past.swf | awk '{ print $1, $5, $9 }' | tr '\n' ',')" "1 2 300,2 1 -1,3 4 -1," \
  "jobs have their numbers, sizes and requests"
runs 0 "a cluster is named" muster simulate --history --dir "$MUSTER_DIR" --machine 1x4 --policy fcfs
like out '^journal.db: 2 jobs on 4 cores$' "on another machine"
like out '^dropped 2 of 4 jobs: 1 larger than the machine, 1 that never started$' "a job may not fit there"
runs 0 "the cluster is stopped" muster down
runs 0 "its history remains" muster simulate --history --json
is "$(jq '.[0].jobs' out)" 3 "with all jobs"

mkdir alone
ln "$(command -v muster)" alone/muster 2>/dev/null || cp "$(command -v muster)" alone/muster
runs 1 "a missing program is told" alone/muster simulate "$LOG"
like err "^muster simulate: cannot start '.*/alone/muster-simulate': No such file or directory$" "with its path"

done_testing
