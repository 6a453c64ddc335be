#!/bin/sh
# Ranks run where `muster run --map` says, and what is asked of their binding holds or is refused.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

# in_job NAME STATUS COMMAND: a job of two nodes with two tasks each runs the line; output in job.out.
in_job() {
  runs "$2" "$1" submit -N 2 -n 4 -o job.out --wait --wrap "$3"
}

if [ -r /proc/self/numa_maps ]; then
  for policy in local:bind prefer:prefer interleave:interleave; do
    in_job "memory can be bound: ${policy%%:*}" 0 "muster run --mem-bind=${policy%%:*} grep -c ' ${policy##*:}' /proc/self/numa_maps"
    is "$(grep -c '^[1-9]' job.out)" 4 "and the kernel has it so for every rank"
  done
fi
in_job "a map is printed" 0 "muster run --map false"
like job.out "^RANK +NODE +CORES +NUMA +GPUS$" "it has a title"
is "$(awk '$1 ~ /^[0-3]$/ && $2 ~ /^n[12]$/ && $3 ~ /^[0-9,-]+$/ && $4 != "-"' job.out | wc -l)" 4 \
  "and a line for each rank, with its cores and memory domain"
awk '$1 ~ /^[0-3]$/ {print $1, $3}' job.out >map
in_job "no program is needed for it" 0 "muster run --map -n 1"
is "$(wc -l <job.out)" 2 "and the step's own numbers count"

cpus_of_rank='echo $MUSTER_RANK $(sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status)'
printf '%s\n' "$cpus_of_rank" >where.sh
in_job "ranks run" 0 "muster run sh where.sh"
is "$(sort job.out)" "$(cat map)" "where the map said"
in_job "bindings are reported" 0 "muster run --report-bindings -n 2 -N 2 true"
is "$(grep -Ec '^rank [01] on n[12] cores [0-9,-]+$' job.out)" 2 "with a line for each rank"

in_job "ranks that are not to be bound run" 0 "muster run --cpu-bind=none --report-bindings -n 1 true"
like job.out "^rank 0 on n1 not bound: as --bind-to=none" "and it is said that they are not bound"
in_job "more ranks than cores are refused" 1 "muster run -n 5 true"
in_job "unless they are no mistake" 0 "muster run -O -n 6 --map"
like job.out "^n1: ranks are not bound: 3 ranks of 1 core each need more than the 2 cores" "and then unbound, with the reason"
in_job "a hardware thread that is not the job's is refused" 127 "muster run --cpu-bind=map_cpu:4000 true"
like job.out "hardware threads 4000, and the job has only" "with what is there"
in_job "ranks may go round the nodes" 0 "muster run -N 2 -n 4 --map-by=node --label sh -c 'echo \$MUSTER_NODE'"
is "$(sort job.out | tr '\n' ' ')" "0: n1 1: n2 2: n1 3: n2 " "one by one"
in_job "contradictions are refused" 2 "muster run --bind-to=none --map-by=core true"
like job.out "leave out --map-by" "with what to leave out"
in_job "GPUs cannot be bound without any" 127 "muster run --gpu-bind=single:1 true"
like job.out "ask for them with --gpus-per-node" "with what to do"
done_testing
