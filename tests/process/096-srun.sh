#!/bin/sh
# Jobs in the dialects of Slurm and PBS: their scripts find these schedulers' variables, and srun does what scripts ask of it.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/dialect.sh"

cluster_up --nodes 2 --cpus-per-node 2
four='{"nodes": 2, "tasks": 4}'

cat >variables <<'END'
#!/bin/bash
for pair in JOB_ID:JOBID JOB_NODELIST:NODELIST JOB_NUM_NODES:NNODES NTASKS:NPROCS; do
  new=SLURM_${pair%:*} old=SLURM_${pair#*:}
  [ "${!new}" = "${!old}" ] || echo "$new is ${!new}, $old is ${!old}"
done
[ "$SLURM_JOB_ID:$SLURM_JOB_NODELIST:$SLURM_NTASKS" = "$MUSTER_JOB_ID:$MUSTER_NODELIST:$MUSTER_NTASKS" ] || echo no twins
[ "$SLURM_TASK_PID" = $$ ] || echo "SLURM_TASK_PID is $SLURM_TASK_PID, not $$"
echo "$SLURM_JOB_NODELIST $SLURM_TASKS_PER_NODE $SLURM_JOB_CPUS_PER_NODE $SLURM_CPUS_PER_TASK"
MASTER_ADDR=$(scontrol show hostnames $SLURM_JOB_NODELIST | head -n 1)
echo "master $MASTER_ADDR"
srun --nodes=2 --ntasks-per-node=1 --jobid "$SLURM_JOBID" bash -c 'echo "rank $SLURM_PROCID of $SLURM_NTASKS on $SLURMD_NODENAME:$SLURM_NODEID"' | tee ranks
srun -l hostname | cut -d : -f 1 | sort | tr '\n' ';'
echo
srun -n2 bash -c 'echo "$SLURM_PROCID $SLURM_LOCALID $SLURM_STEP_ID $SLURM_STEP_TASKS_PER_NODE"' | sort | tr '\n' ';'
echo
END
dialect_job 0 "a script from Slurm runs" slurm "$four" variables
is "$(sed -n 1p variables.out)" "n[1-2] 2(x2) 2(x2) " "with the variables of its job, in old names and new"
is "$(sed -n 2p variables.out)" "master n1" "among them the list of nodes that scontrol takes apart"
is "$(sort ranks)" "rank 0 of 2 on n1:0
rank 1 of 2 on n2:1" "ranks find theirs, and output can be piped"
is "$(sed -n 5,\$p variables.out)" "0;1;2;3;
0 0 2 1(x2);1 0 2 1(x2);" "srun -l and srun -n"

cat >steps <<'END'
#!/bin/bash
where='echo $(sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status)'
eval "$where" >script
srun -N1 -n1 bash -c "$where" >whole
for i in 1 2; do srun --exact -N1 -n1 -c1 -w n1 bash -c "$where >own.$i; touch there.$i; until [ -e there.1 -a -e there.2 ]; do read -t 0.05 <> <(:); done; true" & done
wait
for i in 1 2 3; do srun --exclusive -n4 -c1 bash -c 'mkdir busy.$SLURM_PROCID && read -t 0.05 <> <(:); rmdir busy.$SLURM_PROCID && echo done' & done >waited
wait
srun -n2 bash -c 'test $SLURM_PROCID = 0 && exit 3; read -t 0.2 <> <(:); echo went on'
echo "status $?"
srun -n2 -K bash -c 'test $SLURM_PROCID = 0 && exit 4; read -t 30 <> <(:); echo went on'
echo "status $?"
srun -n1 bash -c 'kill -9 $$'
echo "status $?"
cat >progs <<'LINES'
0 echo task %t is first
1-3 echo task %t has place %o
LINES
srun -n4 --multi-prog progs | sort
echo lines | srun -n1 cat
echo file >in; srun -n1 -i in cat
srun -n2 -o 'out-%t' bash -c 'echo $SLURM_PROCID'; cat out-0 out-1
A=1 srun -n1 --export=B=2 bash -c 'echo "A=$A B=$B"'
srun --mpi=list | grep -c pmix
srun -t 0:01 -n1 bash -c 'read -t 30 <> <(:); echo not ended'
echo "status $?"
srun --ntask-per-node=2 true
echo "status $?"
srun --container-image=x -n1 true
END
dialect_job 0 "a script starts many steps" slurm "$four" steps
is "$(cat whole)" "$(cat script)" "a step without options may use all cores of its node"
is "$(sort -u own.1 own.2 | grep -cvxF "$(cat script)")" 2 "steps with cores of their own run side by side on other cores"
is "$(grep -c done waited)" 12 "those for which there are too few wait for each other"
is "$(grep -Ev '^(srun|muster)' steps.out)" "went on
status 3
status 4
status 137
task 0 is first
task 1 has place 0
task 2 has place 1
task 3 has place 2
lines
file
0
1
A= B=2
1
status 143
status 1" "ranks go on or end, have programs of their own, input, files and variables"
like steps.out "^srun: error: step [0-9]*: launch reached its time limit" "a step has a time limit of its own"
like steps.out "^srun: error: unrecognized option '--ntask-per-node'; did you mean '--ntasks-per-node'\?" "mistakes name the nearest option"
like steps.out "^srun: --container-image is an option of a plug-in" "what has no effect is said"

cat >outer <<'END'
#!/bin/bash
submit -n 1 -o inner.out --wait --wrap 'env | grep -E "^(SLURM|PBS)"; echo ended'
END
dialect_job 0 "a job from Slurm submits another" slurm '{"tasks": 1}' outer
is "$(cat inner.out)" "ended" "which knows nothing of Slurm"

cat >pbs <<'END'
#!/bin/bash
echo "$PBS_JOBID $PBS_JOBNAME $PBS_NUM_NODES $PBS_NUM_PPN $PBS_NP $NCPUS"
tr '\n' ';' <$PBS_NODEFILE
echo
muster run bash -c 'echo $PBS_TASKNUM $PBS_NODENUM $OMP_NUM_THREADS' | sort | tr '\n' ';'
env | grep -c ^SLURM || true
END
dialect_job 0 "a script from PBS runs" pbs '{"nodes": 2, "tasks": 4}' pbs
is "$(cat pbs.out)" "$job pbs 2 2 4 2
n1;n1;n2;n2;
1 0 1;2 0 1;3 1 1;4 1 1;0" "with the variables and the list of nodes of its job"

"${MUSTER_BIN:-$ROOT/build/bin}/compat/srun" true 2>err
is "$?" 1 "outside of a job srun starts nothing"
like err "^srun: error: this is not inside a job" "and says what to do"
done_testing
