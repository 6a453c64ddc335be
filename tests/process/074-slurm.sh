#!/bin/sh
# Nodes as pilot jobs of a real Slurm, for an ordinary user: they come with the jobs, train over two of them, give
# notice when Slurm takes one away, and leave no job behind.
. "$(dirname "$0")/lib.sh"

command -v slurmctld >/dev/null && command -v munged >/dev/null || skip_all "there is no Slurm here: slurm-wlm, munge"
[ "$(id -u)" = 0 ] || skip_all "only root can start a Slurm that has an ordinary user"
command -v digits >/dev/null || skip_all "digits was not built: no MPI found"

peer=$ROOT/bench/peers/slurm
trap 'status=$?; "$peer" down "$T/slurm"; (exit $status); end_case' EXIT
chmod 711 "$T"
runs 0 "a Slurm of four nodes comes up" "$peer" up "$T/slurm" 4 4
export SLURM_CONF="$T/slurm/slurm.conf"

# From here on an ordinary user, who has no more than what lies below $T.
user=nobody
mkdir -p "$T/home/tmp" "$T/muster"
cp -r "$(dirname "$(command -v muster)")" "$T/muster/bin"
mkdir -p "$T/muster/libexec/muster"
cp -r "$ROOT/scripts/providers" "$T/muster/libexec/muster"
cp -r "$ROOT/examples/digits" "$T/muster"
chown -R "$user" "$T/home"
chmod -R a+rX "$T/muster"
PATH=$T/muster/bin:$PATH
MUSTER_DIR=$T/home/cluster
cat >"$T/muster/bin/as_user" <<END
#!/bin/sh
exec setpriv --reuid $user --regid $(id -gn "$user") --clear-groups env HOME="$T/home" TMPDIR="$T/home/tmp" "\$@"
END
chmod +x "$T/muster/bin/as_user"
port=$((20000 + $$ % 10000))
runs 0 "they make a cluster" as_user muster init --dir "$MUSTER_DIR" --listen "127.0.0.1:$port"
cat >"$MUSTER_DIR/muster.toml" <<END
[cluster]
name = "mine"
[listen]
agents = "tls:127.0.0.1:$port"
[[pool]]
name = "hpc"
provider = "slurm"
tier = "low-priority"
max_nodes = 4
cpus_per_node = 2
memory_per_node = "500M"
idle_timeout = "1s"
node_life = "20m"
[pool.options]
notice = 2
args = ["--partition=main", "--comment=a, pilot"]
[scheduler]
requeue_backoff = "0s"
END
runs 0 "whose nodes are jobs of Slurm" as_user muster config check "$MUSTER_DIR/muster.toml"
as_user musterd --config "$MUSTER_DIR/muster.toml" >"$T/home/musterd.out" 2>&1 &
wait_for 10 "it runs" as_user muster pools
n_pilots() { squeue --noheader --user "$user" | wc -l; }
pilots_are() { [ "$(n_pilots)" = "$1" ]; }
is "$(n_pilots)" 0 "there is no pilot at first"

job=$(cd "$T/home" && as_user submit --parsable -N 2 --ntasks-per-node 2 --output training.out \
  "$T/muster/digits/train.sh" --epochs 4)
wait_for 30 "they train over two pilots" state_is "$job" running
is "$(n_pilots)" 2 "which Slurm runs"
runs 0 "to the end" as_user muster wait "$job"
like "$T/home/training.out" "^epoch 4 .*accuracy 0.9" "with its result"
like "$T/home/training.out" "^rank 3 of 4 host hpc-2" "on both"
wait_for 10 "idle pilots go" pilots_are 0

job=$(cd "$T/home" && as_user submit --parsable -N 4 -t 5 --wrap 'muster run -n 4 -N 4 hostname')
wait_for 30 "a job of four nodes ends" state_is "$job" completed
is "$(as_user muster show "$job" --json | jq '.allocation.nodes | length')" 4 "on four pilots"
wait_for 10 "which go" pilots_are 0

# Slurm takes a pilot away: its job saves its work, and goes on in the next one.
cat >"$T/home/saves.sh" <<'END'
#!/bin/sh
#SUBMIT --signal=USR1@2 --time=10:00 --output=saves.out
[ ! -e saved ] || { echo "went on from $(cat saved)"; exit 0; }
trap 'echo "attempt $MUSTER_ATTEMPT" >saved; exit 1' USR1
echo begun
tail -f /dev/null &
wait
END
job=$(cd "$T/home" && as_user submit --parsable saves.sh)
wait_for 30 "a job runs in a pilot" grep -qs begun "$T/home/saves.out"
scancel --batch --signal=TERM "$(squeue --noheader --user "$user" --format %i)"
runs 0 "Slurm takes it away: the job goes on in another one" as_user muster wait "$job"
like "$T/home/saves.out" "went on from attempt 1" "from what it had saved"
is "$(field "$job" '.earlier[0].why.cause')" evicted "and its record says why"

runs 1 "what would outlive any pilot is not taken" as_user submit --output /dev/null --time=1:00:00 -- true
like "$T/err" "lasts so long; the most that can run is --time=17m58s" "with the most that could"
job=$(cd "$T/home" && as_user submit --parsable --time=5:00 -- sleep 100)
wait_for 30 "a job runs" state_is "$job" running
runs 0 "they end their cluster" as_user muster down
wait_for 10 "no job of Slurm is left" pilots_are 0
is "$(find "$T/home/tmp" -mindepth 1 | wc -l)" 0 "nor a file of a pilot"
done_testing
