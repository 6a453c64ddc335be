#!/bin/sh
# Machines join over TLS. Here they are network namespaces: one for the controller, and hosts that reach it over a
# link of their own. Machines whose certificates are not good are refused, in words on both sides; one that is cut off
# loses its job to another.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/hosts.sh"

hosts_up n1 n2 n3 n4 n5 n6

runs 0 "init makes a cluster of machines" muster init --dir "$MUSTER_DIR" --listen "${net}1:7443"
runs 1 "and never a second one in its place" muster init --dir "$MUSTER_DIR"
like "$T/err" "nothing is overwritten" "which it says"
authority=$(sha256sum <"$MUSTER_DIR/tls/authority.crt")
mv "$MUSTER_DIR/muster.toml" "$MUSTER_DIR/muster.toml.new"
runs 0 "one that was killed before its end is finished" muster init --dir "$MUSTER_DIR" --listen "${net}1:7443"
is "$(sha256sum <"$MUSTER_DIR/tls/authority.crt")" "$authority" "with its authority"
cat >>"$MUSTER_DIR/muster.toml" <<'END'

[scheduler]
heartbeat = "200ms"
node_timeout = "1s"
requeue_backoff = "0s"
END
start_controller() {
  ip netns exec "$(host c)" musterd --config "$1/muster.toml" >"$1/controller.out" 2>&1 &
}
folder() { echo "$MUSTER_DIR/hosts/$1"; }
cat >join.sh <<'END'
#!/bin/sh
# join.sh NODE [OPTION...]: runs the line that node add prints on the host of this name.
name=$1
shift
# shellcheck disable=SC2046 # the line is words
exec ip netns exec "$prefix-$name" $(muster node add "$@" "$name") --dir "$MUSTER_DIR/hosts/$name"
END
chmod +x join.sh
export prefix
start_agent() {
  ip netns exec "$(host "$1")" muster-agent --config "$(folder "$1")/agent.conf" >"$T/$1.out" 2>&1 &
}
said() { grep -Eq -e "$2" "$1"; }
agent_log() { echo "$(folder "$1")/agent.log"; }
log=$MUSTER_DIR/log/musterd.log

start_controller "$MUSTER_DIR"
wait_for 10 "the controller listens for machines" said "$log" "listening for=agents at=tls:${net}1:7443"
for name in n1 n2 n3; do
  runs 0 "$name joins by one line" ./join.sh $name
  start_agent $name
done
runs 0 "n4 joins with a certificate for a short time" ./join.sh n4 --life 9s
start_agent n4
for name in n1 n2 n3 n4; do
  wait_for 10 "$name is a node" node_is $name idle
done
is "$(muster node list | grep -c ' idle .* until ')" 4 "with a certificate each"
is "$(find "$MUSTER_DIR" \( -name '*.key' -o -name '*.pem' \) ! -perm 600 | wc -l)" 0 "keys are for their owner alone"

for name in n1 n2 n3 n4; do
  id=$(submit --parsable --wait --nodelist $name -- readlink /proc/self/ns/net)
  is "$(muster logs "$id")" "$(on $name readlink /proc/self/ns/net)" "a job runs on $name itself"
done
id=$(submit --parsable --nodelist n3 -- sh -c 'echo begun; until [ -e go ]; do sleep 0.05; done; echo done')
muster logs -f "$id" >followed.out 2>&1 &
follower=$!
wait_for 10 "what a machine says is followed" said followed.out begun
touch go
wait "$follower"
is "$(tail -n 1 followed.out)" "done" "to its end"
id=$(submit --parsable --nodelist n4 -- sleep 1000)
wait_for 10 "a job runs" state_is "$id" running
on c muster run --job "$id" hostname >step.out 2>&1
is "$(cat step.out)" "$(hostname)" "a step of it may be started from the controller's machine"
runs 0 "it is cancelled" muster cancel "$id"
wait_for 10 "and ends" state_is "$id" cancelled

# The fifth machine comes from another cluster, but knows our authority.
other=$MUSTER_DIR/other
runs 0 "there is another cluster" muster init --dir "$other" --listen "${net}1:7444"
start_controller "$other"
wait_for 10 "which listens" said "$other/log/musterd.log" "listening for=agents"
runs 0 "n5 joins that" ./join.sh n5 --dir "$other"
cp "$MUSTER_DIR/tls/authority.crt" "$(folder n5)/identity/authority.crt"
sed -i 's/:7444/:7443/' "$(folder n5)/agent.conf"
start_agent n5
foreign=$!
wait_for 10 "a certificate of another authority is refused" \
  said "$log" "connection_refused from=${net}15 .*'n5', is refused: unable to get local issuer"
wait_for 10 "which its agent says too" said "$(agent_log n5)" "refuses this one by TLS: unknown CA"
kill "$foreign"

# One that was switched off until its certificate was over.
runs 0 "n6 joins" ./join.sh n6 --life 1s
over() { [ "$(muster node list | grep -c 'n6 .* expired')" = 1 ]; }
wait_for 10 "and its certificate ends" over
start_agent n6
wait_for 10 "it is refused" said "$log" "connection_refused from=${net}16 .*'n6', is refused: certificate has expired"
wait_for 10 "which its agent says too" said "$(agent_log n6)" "refuses this one by TLS: certificate expired"
wait_for 10 "and that it is over" said "$(agent_log n6)" "certificate_expired"

# One agent a node.
rm -rf "$(folder n5)"
cp -r "$(folder n1)" "$(folder n5)"
sed -i "s,^dir.*,dir = $(folder n5)," "$(folder n5)/agent.conf"
rm -rf "$(folder n5)/launches" "$(folder n5)/agent.lock" "$(agent_log n5)"
start_agent n5
copy=$!
wait_for 10 "a second agent of a node is refused" said "$log" "agent_refused node=n1 from=${net}15 .*at ${net}11"
wait_for 10 "which it says" said "$(agent_log n5)" "refused why=.*served by another agent"
kill "$copy"
is "$(node_is n1 idle && echo yes)" yes "the first one stays"

# Cut off: the job goes on elsewhere, and what was left is ended when the machine is back.
cat >job.sh <<'END'
#!/bin/sh
echo "$MUSTER_ATTEMPT $MUSTER_NODE $$" >>"$T/attempts"
until [ -e "$T/enough" ]; do sleep 0.05; done
END
export T
id=$(submit --parsable job.sh)
wait_for 10 "a job runs" said attempts "^1 "
lost=$(cut -d ' ' -f 2 attempts)
stray=$(cut -d ' ' -f 3 attempts)
on c ip link set "to-$lost" down
wait_for 10 "its machine is missed" node_is "$lost" lost
wait_for 10 "it runs again" said attempts "^2 "
is "$(grep -c "^2 $lost " attempts)" 0 "on another machine"
is "$(kill -0 "$stray" && echo lives)" lives "while the first one goes on"
on c ip link set "to-$lost" up
wait_for 20 "the machine comes back" node_is "$lost" idle
no_stray() { ! kill -0 "$stray" 2>/dev/null; }
wait_for 10 "what it still ran is ended" no_stray
touch enough
runs 0 "the job comes to its end" muster wait "$id"

wait_for 10 "n4 has the next certificate by itself" said "$(agent_log n4)" certificate_renewed
is "$(node_is n4 idle && grep -c ' welcomed ' "$(agent_log n4)")" 1 "and its session goes on"

# Removed: at once, and for good.
runs 0 "n2 is removed" muster node remove n2
not_there() { [ "$(muster nodes --json | jq '[.nodes[] | select(.info.name == "n2" and .state == "idle")] | length')" = 0 ]; }
wait_for 5 "its session ends" not_there
wait_for 10 "which its agent says" said "$(agent_log n2)" "refused why=\"'n2' was removed"
wait_for 10 "it is refused from now on" said "$log" "'n2', is refused: certificate revoked"
wait_for 10 "which its agent says too" said "$(agent_log n2)" "refuses this one by TLS: certificate revoked"
runs 0 "it may be added again" ./join.sh n2
wait_for 10 "and is a node" node_is n2 idle

runs 0 "down" muster down
is "$(no_agents=0; for name in n1 n2 n3 n4; do kill -0 "$(cat "$(folder $name)/agent.lock")" || no_agents=1; done; echo $no_agents)" 0 \
  "machines wait for the cluster"
done_testing
