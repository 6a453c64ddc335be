#!/usr/bin/env bash
# Trains on handwritten digits with 1 parameter server and 2 workers:
#
#   submit --wait examples/parameter-server/train.sh [OPTIONS OF parameter-server]
#
#SUBMIT --job-name=parameter-server
#SUBMIT --mode=ps
#SUBMIT --ps=1
#SUBMIT --workers=2
#SUBMIT --time=10:00
set -euo pipefail

# The job keeps its id when it is restarted: a later attempt goes on from the checkpoint of the one before.
checkpoint="${MUSTER_SUBMIT_DIR:-$PWD}/parameter-server-${MUSTER_JOB_ID:-0}.checkpoint"

# EXAMPLE is the folder of the program where that is not in PATH.
muster run "${EXAMPLE:+$EXAMPLE/}parameter-server" --checkpoint "$checkpoint" "$@"
rm -f "$checkpoint"/shard-*
rmdir "$checkpoint"
