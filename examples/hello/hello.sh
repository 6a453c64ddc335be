#!/usr/bin/env bash
# Compiles hello.c with whatever MPI the compiler wrapper is of, and runs it on 2 nodes:
#
#   submit --wait examples/hello/hello.sh
#   MPICC=mpicc.mpich submit --wait examples/hello/hello.sh
#
# Open MPI or MPICH, nothing else changes: ranks are offered PMIx and PMI-1, and use what their library knows.
#
#SUBMIT --job-name=hello
#SUBMIT --nodes=2
#SUBMIT --ntasks-per-node=2
#SUBMIT --time=5:00
set -euo pipefail

program=$(mktemp "$PWD/hello.XXXXXX")
trap 'rm -f "$program"' EXIT
"${MPICC:-mpicc}" -o "$program" "${HELLO_EXAMPLE:-$PWD/examples/hello}/hello.c"
muster run "$program"
