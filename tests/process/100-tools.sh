#!/bin/sh
# Tools that know Slurm work here as they are: GNU parallel and mpi4py under srun, Snakemake's executors, torch.distributed.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2
export PATH="${MUSTER_BIN:-$ROOT/build/bin}/compat:$PATH"

# has PROGRAM_OR_MODULE: whether the tool is here; else what was left out is said.
has() {
  command -v "$1" >/dev/null || /usr/bin/python3 -c "import $1" 2>/dev/null && return
  note "$1 is not installed, so it was not tried"
  return 1
}

if has parallel; then
  cat >parallel.sh <<'END'
#!/bin/bash
#SBATCH --nodes=2 --ntasks-per-node=2
#SBATCH --output=parallel.out
seq 8 | parallel -j "$SLURM_NTASKS" --will-cite srun --exact -n 1 sh -c "'echo item {} on \$SLURMD_NODENAME'"
END
  runs 0 "GNU parallel hands items to srun" sbatch --wait parallel.sh
  is "$(grep -c '^item [1-8] on n[12]$' parallel.out)" 8 "and each is done once"
fi

if has mpi4py; then
  cat >ring.py <<'END'
from mpi4py import MPI
world = MPI.COMM_WORLD
total = world.allreduce(world.Get_rank())
if world.Get_rank() == 0:
    print("sum", total, "of", world.Get_size())
END
  cat >mpi.sh <<'END'
#!/bin/bash
#SBATCH -N 2 --ntasks-per-node=2 -o mpi.out
srun --mpi=pmix /usr/bin/python3 ring.py
END
  runs 0 "mpi4py runs under srun --mpi=pmix" sbatch --wait mpi.sh
  like mpi.out "^sum 6 of 4$" "as one world"
fi

if has snakemake; then
  cat >Snakefile <<'END'
rule all:
    input: "sum.txt"

rule part:
    output: "part.{n}.txt"
    threads: 1
    resources: mem_mb=1000, runtime=5
    shell: "echo {wildcards.n} > {output}"

rule sum:
    input: expand("part.{n}.txt", n=[1, 2, 3, 4])
    output: "sum.txt"
    resources: mem_mb=1000, runtime=5
    shell: "cat {input} | paste -sd+ | bc > {output} || awk '{{s += $1}} END {{print s}}' {input} > {output}"
END
  export HOME="$T/home"
  mkdir -p "$HOME"
  DEADLINE=180 runs 0 "Snakemake submits by its generic cluster executor" snakemake --cores 4 --jobs 4 --latency-wait 5 \
    --cluster "sbatch --parsable --cpus-per-task={threads} --output=/dev/null" --cluster-cancel scancel
  is "$(cat sum.txt)" 10 "and gathers what its jobs made"
  rm -f sum.txt part.*.txt
  # One job: it asks how that is every 40 s.
  DEADLINE=180 runs 0 "Snakemake submits by its Slurm executor" env USER=root snakemake --slurm --jobs 1 --latency-wait 5 \
    --default-resources slurm_partition=compute -- part.1.txt
  is "$(cat part.1.txt)" 1 "and asks sacct until it has ended"
fi

if has torch; then
  cat >sum.py <<'END'
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = torch.tensor([float(dist.get_rank())])
dist.all_reduce(rank)
if dist.get_rank() == 0:
    print("sum", int(rank.item()), "of", dist.get_world_size(), flush=True)
dist.destroy_process_group()
END
  cat >torch.sh <<'END'
#!/bin/bash
#SBATCH --job-name=torch
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=2
#SBATCH --output=%x-%j.out
export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_PORT=$((20000 + SLURM_JOB_ID % 10000))
srun bash -c '/usr/bin/python3 -m torch.distributed.run --nnodes $SLURM_NNODES --nproc_per_node 2 --redirects 1 --tee 1 \
  --rdzv_id $SLURM_JOB_ID --rdzv_backend c10d --rdzv_endpoint $MASTER_ADDR:$MASTER_PORT sum.py'
END
  DEADLINE=120 runs 0 "torchrun is started by srun on two nodes" sbatch --wait torch.sh
  like torch-*.out "sum 6 of 4$" "and its ranks make one world"
fi

done_testing
