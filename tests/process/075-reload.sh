#!/bin/sh
# A changed configuration is taken while jobs run; a wrong one is not.
. "$(dirname "$0")/lib.sh"

config=$MUSTER_DIR/muster.toml
mkdir -p "$MUSTER_DIR"
# pool KEY...: writes the configuration.
pool() {
  printf '%s\n' '[[pool]]' 'name = "default"' 'cpus_per_node = 1' "$@" >"$config"
}
n_nodes() { muster nodes --json | jq '.nodes | length'; }
nodes_are() { [ "$(n_nodes)" = "$1" ]; }

runs 3 "without a controller nothing takes it" muster config reload
pool 'nodes = 1'
cluster_up
controller=$(cat "$MUSTER_DIR/musterd.lock")
job=$(submit --parsable -- sh -c 'echo begun; until [ -e go ]; do sleep 0.05; done; echo done')
wait_for 10 "a job runs" state_is "$job" running
muster logs -f "$job" >followed.out 2>&1 &
follower=$!
waiting=$(submit --parsable -N 1 -- true)

pool 'nodes = 2'
runs 0 "more nodes are taken" muster config reload
like "$T/out" "muster.toml is in force" "which it says"
runs 0 "the next job has one" muster wait "$waiting"
is "$(n_nodes)" 2 "there are two"
is "$(cat "$MUSTER_DIR/musterd.lock")" "$controller" "of the same process"

pool 'nodes = 2' 'nodez = 3'
runs 1 "a wrong key is refused" muster config reload
like "$T/err" "line 5: .pool.nodez.: unknown key" "with its line"
like "$T/err" "from before stays in force" "and what holds"
pool 'nodes = 2'
echo "[cluster]
dir = \"$T/elsewhere\"" >>"$config"
runs 1 "so is another folder" muster config reload
like "$T/err" "cluster.dir is '$T/elsewhere' now" "with the reason"
pool 'nodes = 2'
printf '%s\n' '[listen]' 'agents = "tls:127.0.0.1:0"' >>"$config"
runs 1 "so is what cannot be done here" muster config reload
like "$T/err" "muster init" "with what to do"
wait_for 10 "the cluster is as before" node_is n2 idle

pool 'max_nodes = 2' 'idle_timeout = "1s"'
kill -HUP "$controller"
wait_for 10 "by SIGHUP too: an idle node goes" nodes_are 1
is "$(field "$job" .attempt)" 1 "the job runs as ever"
touch go
wait "$follower"
is "$(tail -n 1 followed.out)" "done" "who follows its log has all of it"
runs 0 "it ends well" muster wait "$job"
done_testing
