#!/usr/bin/env bash
# Sums gradients of 4 ranks on 2 nodes around a ring, as Horovod does:
#
#   submit --wait examples/ring/ring.sh [VALUES]
#
#SUBMIT --job-name=ring
#SUBMIT --nodes=2
#SUBMIT --ntasks-per-node=2
#SUBMIT --time=5:00
set -euo pipefail

# EXAMPLE is the folder of the program where that is not in PATH.
muster run "${EXAMPLE:+$EXAMPLE/}ring" "$@"
