#!/bin/sh
# A job that requeues itself when it is warned; scontrol and the commands of PBS that change jobs.
. "$(dirname "$0")/lib.sh"
PATH=${MUSTER_BIN:-$ROOT/build/bin}/compat:$PATH

cluster_up --nodes 1 --cpus-per-node 2

# The idiom of training scripts: a trap that calls scontrol requeue with the job's own id.
cat >self.sh <<'SCRIPT'
#!/bin/bash
trap 'echo "warned in attempt ${MUSTER_ATTEMPT:-?}"; scontrol requeue "$MUSTER_JOB_ID"; wait' USR1
if [ -e again ]; then echo "second run"; exit 0; fi
touch again
sleep 100 &
wait
wait
SCRIPT
submit -t 0:04 --signal B:USR1@3 -o self.out self.sh >/dev/null
wait_for 20 "the job ends well in its second run" state_is 1 completed
like self.out '^warned in attempt' "the script was warned"
like self.out '^second run$' "and ran again"
is "$(field 1 .earlier[0].why.cause)" "requeued" "the record says why"
is "$(sacct -n -X -D -P -j 1 -o JobID,State | tr '\n' ';')" "1|REQUEUED;1|COMPLETED;" "and so does sacct -D"

submit -J work -t 10 -o work.out -- sleep 100 >/dev/null
wait_for 10 "a job runs" sh -c '[ "$(squeue -h -j 2 -o %T)" = RUNNING ]'
runs 0 "it is requeued and held" scontrol requeuehold 2
wait_for 10 "it waits, held" sh -c '[ "$(squeue -h -j 2 -o %r)" = JobHeldUser ]'
runs 0 "its limit changes while it waits" scontrol update JobId=2 TimeLimit=1:00:00 Comment=changed
is "$(cat out err)" "" "without a word"
is "$(squeue -h -j 2 -o '%l %k')" "1:00:00 changed" "as squeue shows"
runs 0 "minutes are added" scontrol update jobid=2 timelimit=+30
is "$(squeue -h -j 2 -o %l)" "1:30:00" "to what it had"
runs 1 "what cannot change is refused" scontrol update JobId=2 Colour=red
like err 'Update of this parameter is not supported: Colour=red' "by its name"
runs 0 "it is released" scontrol release 2
wait_for 10 "it runs again" sh -c '[ "$(scontrol -o show job 2 | grep -c "JobState=RUNNING .* Restarts=1 ")" = 1 ]'
runs 1 "a job that runs cannot be held" scontrol hold 2
runs 1 "nor one requeued that never was" scontrol requeue 4711
like err '^Invalid job id specified for job 4711$' "which is said"
submit --no-requeue -o once.out -- sleep 100 >/dev/null
wait_for 10 "a job that may run once runs" state_is 3 running
runs 1 "it is not requeued" muster requeue 3
like err 'job 3 may not start again: it was submitted with --no-requeue' "with the reason"
runs 0 "scontrol ping answers" scontrol ping
like out ' is UP$' "that the controller is up"
runs 0 "the script of a job is written" scontrol write batch_script 1 -
like out '^touch again$' "as it was submitted"

runs 0 "a node is drained" scontrol update NodeName=n1 State=DRAIN Reason="bad fan"
is "$(sinfo -h -o '%t %E')" "drng bad fan" "as sinfo shows"
runs 0 "and resumed" scontrol update NodeName=n1 State=RESUME
is "$(sinfo -h -o '%t')" "alloc" "to work again"

server=$(scontrol show config | sed -n 's/^ClusterName *= //p')
submit --hold -J pbs -o pbs.out -- true >/dev/null
runs 0 "qstat lists jobs" qstat
like out "^4\\.$server +pbs +[^ ]+ +0 H default\$" "with their letters"
runs 0 "qrls lets a held job start" qrls "4.$server"
runs 0 "qdel ends one that runs" qdel 3
wait_for 10 "the other starts and ends" state_is 4 completed
runs 35 "qstat knows that it has ended" qstat 4
like err "^qstat: 4\\.$server Job has finished, use -x or -H" "in the words of PBS"
runs 0 "and shows it when it is asked so" qstat -xf 4
like out '^    job_state = F$' "with its state"
like out '^    Exit_status = 0$' "and its end"
runs 153 "a job that never was has the code of PBS" qdel 4711
submit --hold -o again.out -- true >/dev/null
runs 0 "qhold takes a job that is held" qhold -h u 5
runs 0 "qstat gives JSON" qstat -f -F json 5
is "$(jq -r '.Jobs[] | .job_state' out)" "H" "that tools read"
runs 0 "pbsnodes lists nodes" pbsnodes -a
like out '^     resources_available.ncpus = 2$' "with their cores"
# A signal that the job named is sent when somebody asks for it.
cat >asked.sh <<'SCRIPT'
#!/bin/bash
trap 'echo asked; exit 0' USR1
touch ready
sleep 100 &
wait
SCRIPT
submit -t 10 --signal B:USR1@60 -o asked.out asked.sh >/dev/null
wait_for 10 "a script waits for its signal" test -e ready
runs 1 "one that it did not name is not sent" scancel -s USR2 6
like err 'job id 6: job 6 gets SIGUSR1, and not SIGUSR2' "with the reason"
runs 0 "the one that it named is" scancel -b -s SIGUSR1 6
wait_for 10 "and it ends as it wants to" state_is 6 completed
like asked.out '^asked$' "by its trap"
done_testing
