#!/usr/bin/env bash
# Trains on handwritten digits with 2 ranks on each of 2 nodes:
#
#   submit --wait examples/digits/train.sh [OPTIONS OF digits]
#
#SUBMIT --job-name=digits
#SUBMIT --nodes=2
#SUBMIT --ntasks-per-node=2
#SUBMIT --time=10:00
set -euo pipefail

# The job keeps its id when it is restarted: a later attempt goes on from the checkpoint of the one before.
checkpoint="${MUSTER_SUBMIT_DIR:-$PWD}/digits-${MUSTER_JOB_ID:-0}.checkpoint"

muster run digits --checkpoint "$checkpoint" "$@"
rm -f "$checkpoint"
