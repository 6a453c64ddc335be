#!/bin/sh
# A script from another site runs unchanged: its names are left out with a note, the names of its nodes resolve.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

cat >train.sh <<'END'
#!/bin/bash -l
#SBATCH --job-name="train gpt"   # of the tutorial (see also -A)
#SBATCH -p gpu_a100 -A proj1234 --qos=normal
#SBATCH -N2 --ntasks-per-node=2
#SBATCH --constraint="v100|a100"
#SBATCH --output=%j.out
echo "first $(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"
scontrol show hostnames | while read -r node; do getent ahostsv4 "$node" | head -n 1; done
muster run -n 2 --ntasks-per-node 1 sh -c 'getent ahostsv4 n1 | head -n 1'
END
runs 0 "a script of another site is taken" submit --wait train.sh
like err "^submit: note: there is no pool 'gpu_a100' here: it is left out, and any pool will do \(known: default\)$" \
  "its partition is told"
like err "there is no feature 'v100' here" "and what nodes do not have"
like 1.out "^first n1$" "its first node has a name"
if [ "$(id -u)" = 0 ]; then
  is "$(grep -c '^127.0.0.1 ' 1.out),$(grep -c '^127.0.0.2 ' 1.out)" 3,1 "that resolves, in the script and in ranks, as that of the other"
  getent ahostsv4 n1 >nowhere || true
  is "$(grep -c '^127.0.0' nowhere)" 0 "and nowhere else"
fi

printf '#!/bin/sh\n#SUBMIT --pool=gpu_a100\ntrue\n' >native.sh
runs 1 "in a native script such a name is a mistake" submit native.sh
like err "there is no pool 'gpu_a100'" "which is named"

cat >>"$MUSTER_DIR/muster.toml" <<'END'
[scheduler]
foreign_names = "refuse"
END
runs 0 "a site may want it so for all" muster config reload
runs 1 "then the script is refused" submit train.sh
like err "there is no pool 'gpu_a100'" "with the name"

runs 0 "lists of hosts are taken apart without a cluster" env MUSTER_DIR=/nowhere \
  "${MUSTER_BIN:-$ROOT/build/bin}/compat/scontrol" show hostnames "n[01-02,7],login"
is "$(tr '\n' ' ' <out)" "n01 n02 n7 login " "a line each"
runs 0 "and made" "${MUSTER_BIN:-$ROOT/build/bin}/compat/scontrol" show hostlistsorted n10,n9,n2
is "$(cat out)" "n[2,9-10]" "in the order of their numbers"

done_testing
