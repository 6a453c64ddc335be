#!/usr/bin/env bash
# Trains on handwritten digits with PyTorch, 2 ranks on each of 2 nodes:
#
#   submit --wait examples/torch/train.sh [OPTIONS OF train.py]
#
#SUBMIT --job-name=torch-digits
#SUBMIT --nodes=2
#SUBMIT --ntasks-per-node=2
#SUBMIT --time=10:00
set -euo pipefail

# The job keeps its id when it is restarted: a later attempt goes on from the checkpoint of the one before.
checkpoint="$PWD/torch-digits-${MUSTER_JOB_ID:-0}.checkpoint"

muster run "${PYTHON:-python3}" "${TORCH_EXAMPLE:-$PWD/examples/torch}/train.py" --checkpoint "$checkpoint" "$@"
rm -f "$checkpoint"
