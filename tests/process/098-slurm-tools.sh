#!/bin/sh
# The calls by which tools that run on Slurm look for their jobs, and what they read of the answers.
. "$(dirname "$0")/lib.sh"
PATH=${MUSTER_BIN:-$ROOT/build/bin}/compat:$PATH

cluster_up --nodes 2 --cpus-per-node 2
submit --job-name ok -o ok.out --wait -- true >/dev/null
submit --job-name uuid-1 -o bad.out --wait -- sh -c 'exit 3' >/dev/null 2>&1
submit --job-name long --comment flow -t 30 -o long.out -- sleep 100 >/dev/null
submit --job-name array --array '1-3%1' -o array.out -- sleep 100 >/dev/null
submit --job-name held --hold -o held.out -- true >/dev/null
wait_for 10 "a job and a task run" sh -c '[ "$(squeue -h -t R | wc -l)" = 2 ]'

# Snakemake: one call for all jobs of a workflow, fields split at "|".
runs 0 "Snakemake asks for all jobs of its workflow" sacct -X --parsable2 --clusters all --noheader \
  --format=JobIdRaw,State --starttime now-2days --endtime now --name uuid-1
is "$(cat out)" "2|FAILED" "and reads the number and the state"

# Nextflow: "ID STATE" of all states, also of jobs that ended lately; arrays by their ids.
runs 0 "Nextflow asks for all states" squeue --noheader -o '%i %t' -t all -u "$(id -un)"
is "$(sort out | tr '\n' ';')" "1 CD;2 F;3 R;4_1 R;4_[2-3%1] PD;8 PD;" "and reads ids and letters"
runs 0 "Nextflow asks with the newer option" squeue --only-job-state --noheader -o '%i %t' -t all -p default

# submitit: the header names the fields, tasks of arrays and their steps are lines.
runs 0 "submitit asks for jobs and tasks" sacct -o JobID,State,NodeList --parsable2 -j 1 -j 4
is "$(head -n 1 out)" "JobID|State|NodeList" "and reads the names of the fields"
like out '^4_1\|RUNNING\|n[12]$' "a task that runs"
like out '^4_\[2-3%1\]\|PENDING\|None assigned$' "tasks that wait"
like out '^4_1\.batch\|RUNNING\|' "the script of a task"

# dask-jobqueue, cromwell, buildkite, rocoto
runs 0 "one job is looked for" squeue -j 3
like out '^ +3 +default +long +[a-z]' "and found"
runs 0 "a job that has ended is no mistake" squeue -h -j 1
is "$(cat out)" "" "and is not listed"
runs 1 "a job that never was is a mistake" squeue -j 4711
like err '^slurm_load_jobs error: Invalid job id specified$' "in the words that tools know"
runs 0 "buildkite asks by name" squeue --name long --noheader --format=%k,%A
is "$(cat out)" "flow,3" "and reads the comment and the id"
runs 0 "rocoto asks for wide columns" squeue -M all -t all -h -O jobid:40,comment:32
is "$(grep -c '^3 \{39\}flow \{28\}$' out)" 1 "and cuts them by their widths"
runs 0 "cromwell asks the accounting" sacct -n -j 2 --format State,ExitCode -P -S 1970-01-01
is "$(head -n 1 out)" "FAILED|3:0" "and reads how the job ended"

# HyperQueue
runs 0 "HyperQueue looks at a job" scontrol show job 3
like out ' JobState=RUNNING |^ *JobState=RUNNING ' "its state"
like out 'StartTime=20[0-9-]*T[0-9:]* EndTime=20[0-9-]*T[0-9:]* ' "its times"
runs 0 "on one line" scontrol -o show job 3
is "$(wc -l <out)" 1 "which is one"
like out ' NodeList=n[12] .* NumNodes=1 NumCPUs=1 ' "with its nodes"

# SkyPilot, torchx
runs 0 "SkyPilot asks for a state" squeue -h --only-job-state --jobs 8 -o '%T'
is "$(cat out)" "PENDING" "and reads the word"
runs 0 "torchx asks for JSON" squeue --json -j 3
is "$(jq -r '.jobs[] | [.job_id, .name, .job_state[0], .comment, .job_resources.nodes] | @csv' out | tr -d '"' | sed 's/n[12]$/N/')" \
  "3,long,RUNNING,flow,N" "and reads the job"
runs 0 "sinfo counts nodes" sinfo -h -o '%D %C'
is "$(cat out)" "2 2/2/0/4" "and cores"
runs 0 "a task that waits is listed alone" squeue -r -h -o '%i' -n array -S i
is "$(tr '\n' ';' <out)" "4_1;4_2;4_3;" "where that is asked for"
runs 1 "a field that is none is refused" sacct -o colour
like err '^sacct: error: Invalid field requested: "colour"$' "by its name"
runs 0 "seff reports" seff 2
like out '^State: FAILED \(exit code 3\)$' "how it ended"

runs 0 "a pending task is cancelled" scancel 4_3
runs 0 "all jobs with a name are cancelled" scancel -n held
runs 0 "all of a state are cancelled" scancel -u "$(id -un)" -t RUNNING
wait_for 10 "the others wait or have ended" sh -c '[ -z "$(squeue -h -n long)$(squeue -h -j 8)" ]'
is "$(sacct -X -n -P -o State -j 3)" "CANCELLED by $(id -u)" "and the accounting says who did it"
runs 0 "scancel of a job that has ended is no failure" scancel 3
runs 0 "nor of one that never was" scancel 4711
like err '^scancel: error: Kill job error on job id 4711: Invalid job id specified$' "which is said"
runs 1 "scancel without a job is refused" scancel
done_testing
