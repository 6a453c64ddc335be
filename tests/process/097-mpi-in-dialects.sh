#!/bin/sh
# MPI programs in jobs in the dialects of Slurm and PBS, started by srun, by our mpirun and by the libraries' own starters, which
# look for these schedulers.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/dialect.sh"

programs=${MUSTER_BIN:-$ROOT/build/bin}
[ -x "$programs/mpi_program" ] || [ -x "$programs/mpich_program" ] || skip_all "no program of an MPI library was built"
cluster_up --nodes 2 --cpus-per-node 2

# mpi_in DIALECT NAME COMMAND: the command's program says that each of four ranks, two on each node, is in one world.
mpi_in() {
  printf '#!/bin/bash\n%s\n' "$3" >job
  dialect_job 0 "$1: $2 starts a program on two nodes" "$1" '{"nodes": 2, "tasks": 4}' job
  is "$(grep -c 'of 4' job.out)" 4 "$1: in one world"
}

for dialect in slurm pbs; do
  for library in mpi mpich; do
    program=$programs/${library}_program
    [ -x "$program" ] || continue
    mpi_in $dialect "mpirun ($library)" "mpirun $program ring"
  done
  for pair in /usr/bin/mpirun.openmpi:mpi /usr/bin/mpiexec.hydra:mpich; do
    starter=${pair%%:*} program=$programs/${pair##*:}_program
    [ -x "$starter" ] && [ -x "$program" ] || continue
    case $pair in *openmpi*) as_root=--allow-run-as-root ;; *) as_root= ;; esac
    mpi_in $dialect "$starter" "$starter $as_root $program ring"
    is "$(muster show --json "$job" | jq 'any(.steps[]; .tasks == [0,1])')" true "$dialect: with a daemon on the other node"
  done
done
for library in mpi mpich; do
  program=$programs/${library}_program
  [ -x "$program" ] && mpi_in slurm "srun ($library)" "srun --mpi=pmix $program ring"
done
if /usr/bin/python3 -c 'import mpi4py' 2>/dev/null; then
  cat >ranks.py <<'END'
from mpi4py import MPI
world = MPI.COMM_WORLD
print(world.allreduce(1), "of", world.size, flush=True)
END
  mpi_in slurm "srun (python)" "srun /usr/bin/python3 ranks.py"
fi
done_testing
