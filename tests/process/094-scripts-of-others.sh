#!/bin/sh
# Scripts of Slurm and PBS run unchanged: by submit, and by sbatch and qsub as tools call them.
. "$(dirname "$0")/lib.sh"

COMPAT=$(dirname "$(command -v muster)")/compat
mkdir "$T/home" "$T/run" && cd "$T/run" || exit 99
HOME=$T/home
export HOME
cluster_up --nodes 2 --cpus-per-node 2

# A script of Slurm, by submit.
cat >slurm.sh <<'END'
#!/bin/bash
#SBATCH --job-name="two words" -N 2 --ntasks-per-node=1   # one each
#SBATCH --cpus-per-task=2 --time=5
#SBATCH --mail-type=END
#SBATCH --account=bio
set -u
echo "$SLURM_CPUS_PER_TASK $SLURM_JOB_ACCOUNT ${SLURM_MEM_PER_NODE-none}" "$SLURM_SUBMIT_DIR"
pwd
#SBATCH --nodes=1
echo to stderr >&2
exit 7
END
runs 7 "a script of Slurm runs, and its exit code is that of submit --wait" submit --wait slurm.sh
like "$T/err" "^submit: note: slurm.sh: line 4: '#SBATCH --mail-type=END': --mail-type has no effect" \
  "what is not done is told"
like "$T/err" "^submit: warning: slurm.sh: line 9: '#SBATCH --nodes=1' is ignored" "so are late directives"
is "$(cat slurm-1.out)" "2 bio none $T/run
$T/run
to stderr" "it has its variables, its directory, and both streams in slurm-ID.out"
is "$(field 1 '.layout.nodes, .layout.cpus_per_task, .name' | tr '\n' ' ')" "2 2 two words " \
  "the request is what its lines say"
runs 0 "its request is explained" submit --explain slurm.sh
like "$T/out" "^--job-name +two words +slurm.sh: line 2: " "by where each option comes from"
like "$T/out" '^#SUBMIT --job-name="two words"$' "and as lines of submit"
grep -E '^#SUBMIT' "$T/out" >native.lines
(echo '#!/bin/bash' && cat native.lines && echo true) >native.sh
runs 0 "those lines are a script of submit" submit --wait --dir "$MUSTER_DIR" native.sh
is "$(field 2 '.layout, .name')" "$(field 1 '.layout, .name')" "that asks for the same"

# sbatch, as people and tools call it.
PATH=$COMPAT:$PATH
runs 0 "sbatch tells its version as Slurm's does" sbatch --version
is "$(cat "$T/out")" "slurm 23.11.4" "and nothing else"
cat >b.sh <<'END'
#!/bin/sh
#SBATCH -o out-%x-%j
#SBATCH --time=1
echo "$0 $# $1 $SLURM_SUBMIT_DIR"
END
runs 0 "sbatch submits" sbatch -J j b.sh 'an argument'
is "$(cat "$T/out")" "Submitted batch job 3" "and says so as Slurm's does"
is "$(cat "$T/err")" "" "with nothing on standard error"
id=$(sbatch --parsable --dependency=afterok:3 --wrap 'echo wrapped; exit 3')
is "$id" 4 "with --parsable it prints the id alone"
is "$(sbatch --parsable -Q -H -M here b.sh)" "5;here" "and the cluster, where one is named"
muster cancel last >/dev/null
runs 3 "sbatch --wait exits with the code of the script" sbatch --wait -Q --dependency=afternotok:"$id" --wrap 'exit 3'
is "$(cat "$T/out")" "" "and prints nothing when it is to be quiet"
like out-j-3 " 1 an argument $T/run$" "what followed the script were its arguments"
is "$(cat slurm-4.out)" wrapped "the output of --wrap is that of Slurm"
# shellcheck disable=SC2016 # for the job
runs 1 "a script that a signal ended has the code 1" sbatch --wait --wrap 'kill -9 $$'
printf '#!/bin/sh\n#SBATCH -a 1-3 -t 2\necho "$SLURM_SUBMIT_HOST"; exit 0\n' >array.sh
status=0
sbatch --wait <array.sh >"$T/out" 2>"$T/err" || status=$?
is "$status $(ls slurm-8_*.out | tr '\n' ' ')" "0 slurm-8_1.out slurm-8_2.out slurm-8_3.out " \
  "an array from standard input has a file for each task"
is "$(field 8 .name)" sbatch "and the name that Slurm gives it"
SBATCH_TIMELIMIT=9 SBATCH_JOB_NAME=v sbatch -H -J c b.sh >"$T/out"
is "$(muster show last --json | jq -r '.time_limit, .name' | tr '\n' ' ')" "540s c " \
  "variables win over the script, and the command line over both"
muster cancel last >/dev/null
runs 1 "an unknown option is refused" sbatch --ndoes=2 b.sh
like "$T/err" "^sbatch: error: unknown option '--ndoes'; did you mean '--nodes'\?$" "as Slurm's is, with the nearest one"
runs 0 "what a job would do is asked for" sbatch --test-only b.sh
is "$(cat "$T/out")" "" "and told on standard error"
SLURM_EXIT_ERROR=42
export SLURM_EXIT_ERROR
runs 42 "the code of problems can be chosen" sbatch missing.sh
unset SLURM_EXIT_ERROR

# From inside a job, with what it finds in PATH.
cat >chain.sh <<'END'
#!/bin/sh
#SBATCH -o chain.out -c 2
sbatch --parsable -d "afterok:$MUSTER_JOB_ID" -o next.out <<'NEXT'
#!/bin/sh
echo "next ${SLURM_CPUS_PER_TASK-none}"
NEXT
END
runs 0 "a job submits the next one, from standard input" submit --wait chain.sh
runs 0 "which starts when it has ended" muster wait "$(cat chain.out)"
is "$(cat next.out)" "next none" "without the variables of the first"

# PBS, in both tongues.
cat >pbs.sh <<'END'
#PBS -N torque
#PBS -l nodes=1:ppn=2,walltime=0:02:00
#PBS -l mem=64mb -q @server
echo "$PBS_ENVIRONMENT $PBS_O_WORKDIR $PBS_JOBNAME ${EXTRA-none} ${LEFT_OUT-none}"
pwd
echo err >&2
END
LEFT_OUT=1
export LEFT_OUT
runs 0 "qsub submits" qsub -W block=true -v EXTRA=x pbs.sh
id=$(cat "$T/out")
like "$T/out" "^[0-9]+$" "and prints the id alone"
like "$T/err" "^qsub: note: pbs.sh: line 3: .*'@server' has no effect" "and what is not done"
is "$(cat "torque.o$id")" "PBS_BATCH $T/run torque x none
$T/home" "the job has its variables, none that were not asked for, and runs in the home directory"
is "$(cat "torque.e$id")" err "and its files lie where it was submitted"
is "$(field "$id" '.layout.tasks, .time_limit, .layout.memory_per_node_bytes' | tr '\n' ' ')" "2 120s 67108864 " \
  "the request is that of its lines"
printf '#!/bin/sh\n#PBS -joe -J 1-2 -l select=1:ncpus=2:mpiprocs=1\necho $PBS_JOBNAME; exit 5\n' >pro.sh
runs 5 "an array of PBS runs by submit" submit --wait pro.sh
is "$(cat pro.sh.o*.1)" pro.sh "with a file for each task"
runs 1 "what qsub cannot do is refused" qsub -I pbs.sh
like "$T/err" "^qsub: command line: -I: say: muster run --pty" "with what to do"

done_testing
