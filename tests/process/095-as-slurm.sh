#!/bin/sh
# The same scripts by a real Slurm and by ours: they find the same variables that repeat their request, and leave the same
# files with the same contents.
. "$(dirname "$0")/lib.sh"

command -v slurmctld >/dev/null && command -v munged >/dev/null || skip_all "there is no Slurm here: slurm-wlm, munge"
[ "$(id -u)" = 0 ] || skip_all "only root can start a Slurm"

peer=$ROOT/bench/peers/slurm
trap 'status=$?; "$peer" down "$T/slurm"; (exit $status); end_case' EXIT
runs 0 "a Slurm of two nodes comes up" "$peer" up "$T/slurm" 2 4
export SLURM_CONF="$T/slurm/slurm.conf"
cluster_up --nodes 2 --cpus-per-node 4

# script NAME LINES: prints its variables; the other streams and its directory are seen by where things go.
mkdir scripts
script() {
  cat >"scripts/$1" <<END
#!/bin/bash
$2
env | grep -E '^(ENVIRONMENT|SLURM_(CPUS_PER_TASK|DISTRIBUTION|EXPORT_ENV|HINT|JOB_ACCOUNT|JOB_DEPENDENCY|MEM_PER_[A-Z]*|NPROCS|NTASKS|NTASKS_PER_[A-Z]*|OPEN_MODE|OVERCOMMIT|SUBMIT_[A-Z]*|THREADS_PER_CORE))=' | sort
echo "\$# \$1 \${LEFT-none}"
pwd
echo error >&2
echo end
END
}
script shape '#SBATCH -c 2 --ntasks-per-node=1 -N2 --mem=500
#SBATCH --hint=nomultithread    # -n 8'
script tasks '#SBATCH -n 2 --mem-per-cpu=100M -O -d singleton -m cyclic
#SBATCH--open-mode=append
##SBATCH -n 4
#SBATCH --ntasks-per-core=1 --mem-per-cpu=200M'
script files '#SBATCH -J "two words" -A bio
#SBATCH -o out-%x-%4j.%q -e err-%j
#SBATCH --err=error-%j'
script nodes '#SBATCH -N 2 --export=ALL -t 0-1
 #SBATCH -n 4
OR=
#SBATCH -c 3'
script few '#SBATCH --export=NONE -n 3 --ntasks-per-node=2 --mem=0
#SBATCH --chdir=. -o '"'a b'"'.out'
script array '#SBATCH -a 1-2'
LEFT=here
export LEFT

# by WHO SBATCH: all of them, with the same numbers.
by() {
  mkdir "$1" && cd "$1" || exit 99
  for name in shape tasks files nodes; do
    SBATCH_TIMELIMIT=2 "$2" --parsable "$T/scripts/$name" 'an argument' 2>>"$T/$1.err"
  done >"$T/$1.ids"
  "$2" --parsable -n 2 -o piped <"$T/scripts/few" >>"$T/$1.ids" 2>>"$T/$1.err"
  "$2" --parsable "$T/scripts/array" >>"$T/$1.ids" 2>>"$T/$1.err"
  "$2" --test-only "$T/scripts/shape" >>"$T/$1.ids" 2>"$T/$1.test"
  cd "$T" || exit 99
}
by theirs "$(command -v sbatch)"
by ours "$(dirname "$(command -v muster)")/compat/sbatch"
is "$(cat ours.ids)" "$(cat theirs.ids)" "both print the same numbers, and nothing of what is only asked"
like ours.err "^sbatch: note: .*/tasks: line 2: .*-O has no effect" "ours says what is not done"

# all_ended WHO: four scripts, one from standard input and two tasks have run to their ends.
all_ended() {
  [ "$(grep -lx end "$1"/* 2>/dev/null | wc -l)" -eq 7 ]
}
wait_for 20 "theirs have run" all_ended theirs
wait_for 20 "ours have run" all_ended ours
is "$(ls ours)" "$(ls theirs)" "their files have the same names"
# The streams of a script lie in one file in no certain order.
for file in ours/*; do
  sed 's/ours/theirs/g' "$file" | sort >mine
  sort "theirs/${file#ours/}" >wanted
  if diff wanted mine >difference; then
    ok "${file#ours/} is the same"
  else
    not_ok "${file#ours/} is the same" "$(cat difference)"
  fi
done

done_testing
