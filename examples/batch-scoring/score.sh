#!/usr/bin/env bash
# Runs a command on every file of a folder, in 4 ranks on 2 nodes, and keeps its output as RESULTS/FILE:
#
#   submit --wait examples/batch-scoring/score.sh FILES RESULTS COMMAND [ARGUMENTS]
#
# The file is the command's standard input. Every file is scored once: ranks take the next that nobody has
# taken, so that slow files hold nobody up, and results appear whole or not at all. A file whose command fails
# is listed in RESULTS.failed and the others go on; started again, after a failure or because a node was lost, the
# job scores only what has no result.
#
#SUBMIT --job-name=score
#SUBMIT --nodes=2
#SUBMIT --ntasks-per-node=2
#SUBMIT --time=1:00:00
#SUBMIT --restart="on=signal,node max=5 backoff=0s"
set -euo pipefail

# One rank: score FILES RESULTS CLAIMS COMMAND...
score() {
  local files=$1 results=$2 claims=$3
  shift 3
  local file name part
  for file in "$files"/*; do
    name=${file##*/}
    [ -e "$results/$name" ] && continue
    mkdir "$claims/$name" 2>/dev/null || continue # another rank has it
    part=$claims/$name/part
    if "$@" <"$file" >"$part"; then
      mv "$part" "$results/$name"
    else
      echo "$name" >>"$results.failed"
    fi
  done
}

[ $# -ge 3 ] || {
  echo "score.sh: expected FILES RESULTS COMMAND, found $# arguments" >&2
  exit 2
}
files=$1 results=$2
shift 2
[ -d "$files" ] || {
  echo "score.sh: '$files' is no folder" >&2
  exit 2
}
mkdir -p "$results"
# What an attempt before had taken and not finished is free again: claims are of one attempt only.
claims=$results.claims-$MUSTER_JOB_ID
rm -rf "$claims" "$results.failed"
mkdir "$claims"
# The script itself is on its own node only: ranks get the function.
muster run bash -euo pipefail -c "$(declare -f score); score \"\$@\"" score "$files" "$results" "$claims" "$@"
rm -rf "$claims"

n_files=$(find "$files" -mindepth 1 -maxdepth 1 | wc -l)
n_results=$(find "$results" -mindepth 1 -maxdepth 1 | wc -l)
echo "$n_results of $n_files files scored"
[ "$n_results" -eq "$n_files" ]
