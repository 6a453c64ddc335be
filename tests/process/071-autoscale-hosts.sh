#!/bin/sh
# Hosts come when a job waits for them, join over TLS, and go when they are idle: made by a program, as network
# namespaces. Also when musterd is killed in between. Nothing is left: no host, no agent, no certificate.
. "$(dirname "$0")/lib.sh"

prefix=mu$$
network=10.234.$(($$ % 250))
hosts() { ip netns list 2>/dev/null | grep -o "^$prefix-[^ ]*-cloud-[0-9]*"; }
hosts_gone() {
  for host in $(hosts); do
    # shellcheck disable=SC2046 # one word a process
    kill -KILL $(ip netns pids "$host") 2>/dev/null
    ip netns del "$host"
  done
  ip netns del "$prefix" 2>/dev/null
}
trap 'status=$?; [ -n "$finished" ] || note "$(cat "$MUSTER_DIR"/hosts/hosts/*/boot.log 2>/dev/null)"; (exit $status)
  trap "" EXIT; (hosts_gone); (exit $status); end_case' EXIT
if ! ip netns add "$prefix" 2>"$T/err"; then
  skip_all "no network namespaces here: $(cat "$T/err")"
fi
ip netns exec "$prefix" ip link set lo up

muster init --dir "$MUSTER_DIR" --name "$prefix" >/dev/null
cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[cluster]
name = "$prefix"
[listen]
agents = "tls:0.0.0.0:7443"
address = "$network.1:7443"
[scheduler]
heartbeat = "200ms"
node_timeout = "2s"
requeue_backoff = "0s"
[[pool]]
name = "cloud"
provider = "exec"
program = "netns"
max_nodes = 4
cpus_per_node = $(nproc)
memory_per_node = "64M"
idle_timeout = "2s"
start_timeout = "30s"
reconcile_interval = "1s"
[pool.options]
network = "$network"
folder = "$MUSTER_DIR/hosts"
END_OF_CONFIG
runs 0 "the configuration makes sense" muster config check "$MUSTER_DIR/muster.toml"

# In a namespace of its own, but with the mounts of all: ip netns makes some.
start_musterd() {
  nsenter --net="/run/netns/$prefix" musterd --config "$MUSTER_DIR/muster.toml" >>"$T/musterd.out" 2>&1 &
  wait_for 10 "musterd is there" muster pools
}
kill_musterd() {
  kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
  wait_for 10 "musterd is killed" sh -c "! kill -0 $(cat "$MUSTER_DIR/musterd.lock") 2>/dev/null"
}
n_hosts() { hosts | wc -l; }
hosts_are() { [ "$(n_hosts)" = "$1" ]; }
at_of() { muster events --from 1 --json | jq -r "select($1) | .at" | sed -n "$2"; }
ms_between() { echo $((($(date -d "$2" +%s%N) - $(date -d "$1" +%s%N)) / 1000000)); }

start_musterd
is "$(n_hosts)" 0 "no host is there at first"
job=$(submit --parsable -N 4 -- sleep 3)
wait_for 30 "four hosts come for a job of four" state_is "$job" running
is "$(n_hosts)" 4 "and no more"
is "$(muster node list | grep -c 'cloud-[1-4] .* until ')" 4 "each with its certificate"
runs 0 "the job ends well" muster wait "$job"
ms=$(ms_between "$(at_of '.kind == "node_joined"' 4p)" "$(at_of '.kind == "launch_started"' 1p)")
note "the job ran $ms ms after the agent of its last node was there"
[ "$ms" -le 200 ] && ok "it started at once" || not_ok "it started at once" "after $ms ms"

kill_musterd
start_musterd
wait_for 15 "idle hosts go" hosts_are 0
wait_for 5 "with their certificates" sh -c "[ \"\$(muster node list | grep -c cloud-)\" = 0 ]"
ms=$(($(ms_between "$(at_of '.kind == "job_ended"' 1p)" "$(at_of '.kind == "node_leaving"' '$p')") - 2000))
note "the last host was let go $ms ms after its idle_timeout"
[ "$ms" -le 1000 ] && [ "$ms" -ge 0 ] && ok "in time" || not_ok "in time" "$ms ms late"
is "$(find "$MUSTER_DIR/tls/nodes" -type f | wc -l)" 0 "nobody is a member any more"

# Killed while hosts are being made.
job=$(submit --parsable -N 3 -- true)
wait_for 10 "hosts are being made" sh -c "ip netns list | grep -q '^$prefix-.*-cloud-'"
kill_musterd
start_musterd
runs 0 "a job whose hosts were being made when musterd was killed runs" muster wait "$job"
is "$(n_hosts)" 3 "on as many hosts as it needs"

# Killed while hosts are being ended.
wait_for 10 "hosts go" sh -c "[ \"\$(ip netns list | grep -c '^$prefix-.*-cloud-')\" -lt 3 ]"
kill_musterd
start_musterd
wait_for 15 "all of them" hosts_are 0

# A host that nobody asked for, and one that dies.
job=$(submit --parsable -- sh -c 'echo begun; sleep 100')
wait_for 20 "a host is there again" state_is "$job" running
host=$(hosts)
ip netns pids "$host" | xargs kill -KILL
ip netns del "$host"
rm -rf "$MUSTER_DIR/hosts/hosts"
wait_for 20 "a host that dies is made again, and its job runs again" sh -c \
  "[ \"\$(muster show $job --json | jq .attempt)\" -ge 2 ]  && muster show $job --json | jq -e '.state == \"running\"'"

runs 0 "down" muster down
is "$(n_hosts)" 0 "at the end of the cluster no host is left"
is "$(find "$MUSTER_DIR/tls/nodes" -type f | wc -l)" 0 "no certificate"
no_agents() { [ -z "$(cluster_processes)" ]; }
wait_for 5 "and no agent" no_agents
unlike "$MUSTER_DIR/log/musterd.log" "[0-9a-f]{64},[0-9a-f]{64}" "no token was ever in the log"
done_testing
