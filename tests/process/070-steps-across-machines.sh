#!/bin/sh
# Steps across machines: hosts are network namespaces that joined over TLS. muster run starts ranks on all of them, MPI
# reaches from host to host, strangers are turned away, and what is cut off is made good.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/hosts.sh"

hosts_up n1 n2 n3 n4
for name in $hosts; do cat /proc/sys/kernel/random/uuid >"$T/$name.boot"; done

muster init --dir "$MUSTER_DIR" --listen "${net}1:7443" >init.out 2>&1
cat >>"$MUSTER_DIR/muster.toml" <<'END'

[scheduler]
heartbeat = "200ms"
node_timeout = "1s"
requeue_backoff = "0s"
END
log=$MUSTER_DIR/log/musterd.log
said() { grep -Eq -e "$2" "$1"; }
start_controller() {
  ip netns exec "$(host c)" musterd --config "$MUSTER_DIR/muster.toml" >>controller.out 2>&1 &
  controller=$!
}
folder() { echo "$MUSTER_DIR/hosts/$1"; }
# UCX, and so MPICH, takes hosts with the same boot ID for one machine.
cat >agent.sh <<'END'
#!/bin/sh
mount --bind "$T/$1.boot" /proc/sys/kernel/random/boot_id
exec muster-agent --config "$MUSTER_DIR/hosts/$1/agent.conf" --slice-cores 1
END
chmod +x agent.sh
export T
start_controller
wait_for 10 "the controller listens for machines" said "$log" "listening for=agents"
for name in $hosts; do
  # shellcheck disable=SC2046 # the line is words
  on $name $(muster node add $name) --dir "$(folder $name)" >join.out 2>&1
  ip netns exec "$(host $name)" ./agent.sh $name >"$T/$name.out" 2>&1 &
done
for name in $hosts; do
  wait_for 10 "$name is a node" node_is $name idle
done
is "$(muster nodes --json | jq -r '[.nodes[].info.address] | sort | join(" ")')" \
  "$(address_of n1) $(address_of n2) $(address_of n3) $(address_of n4)" "each tells its own address"

# in_job NAME STATUS NODES COMMAND: a job of so many nodes runs the line; output in job.out.
in_job() {
  rm -f job.out
  runs "$2" "$1" submit --parsable -N "$3" -n "$3" -o job.out --wait --wrap "$4"
}

in_job "a script on a machine starts a step on all four" 0 4 \
  "muster run --label sh -c 'echo \$MUSTER_NODE \$MUSTER_NODE_ADDRESS \$(readlink /proc/self/ns/net)'"
for name in $hosts; do
  echo "$((${name#n} - 1)): $name $(address_of $name) $(on $name readlink /proc/self/ns/net)"
done >wanted.out
is "$(sort job.out)" "$(cat wanted.out)" "with a rank in each host's own network"
in_job "the exit code of a rank comes through" 7 4 "muster run sh -c 'exit \$((MUSTER_RANK == 2 ? 7 : 0))'"
like job.out "rank 2 on n3 exited with code 7" "and which it was"
in_job "a step may have one node" 0 2 \
  "muster run -n 1 sh -c 'echo \$MUSTER_NODE'; muster run -n 1 --nodelist n2 sh -c 'echo \$MUSTER_NODE \$MUSTER_CONTROLLER'"
like job.out "^n1$" "the script's own"
like job.out "^n2 unix:.*/hosts/n2/run/api.sock$" "or another, which has a socket of its own"
in_job "ranks know where to meet" 0 2 \
  "muster run sh -c 'echo \$MASTER_ADDR \$GLOO_SOCKET_IFNAME \$(muster show \$MUSTER_JOB_ID --json | jq -r .state)'"
is "$(sort -u job.out)" "$(address_of n1) eth0 running" "and ask the controller, each by its own host"
in_job "a map is printed" 0 4 "muster run --map"
is "$(awk '$1 ~ /^[0-3]$/ {print $2}' job.out | tr '\n' ' ')" "n1 n2 n3 n4 " "with all hosts"
is "$(muster show "$(tail -n 1 out)" --map | awk '$1 ~ /^[0-3]$/' | wc -l)" 4 "and kept"

programs=${MUSTER_BIN:-$ROOT/build/bin}
if [ -x "$programs/mpi_program" ]; then
  in_job "ranks of Open MPI on four hosts are one world" 0 4 "muster run $programs/mpi_program ring"
  like job.out "^ring 4$" "whose messages go round"
fi
# docs/mpi.md says why its ranks do not send messages here.
if [ -x "$programs/mpich_program" ]; then
  in_job "so are those of MPICH" 0 4 "muster run $programs/mpich_program hello"
  is "$(grep -c '^hello [0-3] of 4$' job.out)" 4 "and know each other"
fi
if [ -x "$programs/digits" ]; then
  in_job "a network is trained on two hosts" 0 2 "muster run digits --epochs 5"
  like job.out "^accuracy 0.9[4-9]" "and has learned"
fi
# Servers are ended with the last worker: workers wait until theirs has said where it is.
runs 0 "a parameter server and its workers find each other on three hosts" submit -N 3 --mode=ps --ps 1 --workers 2 -o job.out --wait \
  --wrap 'muster run sh -c "echo \$MUSTER_ROLE \$MUSTER_ADDRESS; if test \$MUSTER_ROLE = ps; then touch served; fi
    until test -e served; do :; done"; muster run parameter-server --epochs 3'
like job.out "^ps ${net}1[1-4]:[0-9]+$" "by addresses that are those of the hosts"
like job.out "^accuracy 0.9" "and learn"

# A long step. The controller goes and comes, strangers knock, and nothing of it is seen.
cat >long.sh <<'END'
#!/bin/sh
echo "$MUSTER_ATTEMPT $MUSTER_NODE $$" >>"$T/ranks"
until [ -e "$T/enough" ]; do sleep 0.05; done
echo "rank $MUSTER_RANK done"
END
chmod +x long.sh
all_there() { [ "$(grep -c "^$1 " ranks)" = 3 ]; }
id=$(submit --parsable -N 3 -n 3 -o long.out --wrap "muster run ./long.sh; muster run -n 1 echo after")
wait_for 10 "a long step runs" all_there 1
head=$(field "$id" '.allocation.nodes[0].name')
port=$(on "$head" ss -Hltn | sed -n "s/.*$(address_of "$head"):\([0-9]*\) .*/\1/p" | head -n 1)
knock="ip netns exec $(host n4) openssl s_client -tls1_3 -connect $(address_of "$head"):$port"
# shellcheck disable=SC2086 # words
runs 1 "a stranger's key is no way in" $knock -psk 00112233445566778899aabbccddeeff -psk_identity "$id.1.0"
# shellcheck disable=SC2086
runs 1 "nor is none" $knock
turned_away() {
  [ "$(grep -c "refused a connection to the step's head from $(address_of n4)" "$(folder "$head")/launches/$id.1.0/launcher.log")" = 2 ]
}
wait_for 5 "which the head notes" turned_away
kill "$controller"
wait "$controller"
touch enough
all_done() { [ "$(grep -c "^rank . done" long.out)" = 3 ]; }
wait_for 10 "the step ends without a controller" all_done
start_controller
wait_for 10 "the controller comes back" muster nodes
runs 0 "the script's next step has waited for it" muster wait "$id"
like long.out "^after$" "and runs"

# Who has no job on a node is not heard from there.
for name in $hosts; do
  wait_for 10 "$name is idle again" node_is $name idle
done
runs 1 "from a node without a job nobody asks" env MUSTER_CONTROLLER="unix:$(folder n4)/run/api.sock" muster jobs
like err "runs no job of user" "and is told why"

# A host is cut off: its ranks are missed, the others ended, and the job goes on elsewhere.
rm -f ranks enough
id=$(submit --parsable -N 3 -n 3 -o cut.out --wrap "muster run ./long.sh")
wait_for 10 "a step runs on three hosts" all_there 1
lost=$(field "$id" '.allocation.nodes[2].name')
stray=$(sed -n "s/^1 $lost //p" ranks)
on c ip link set "to-$lost" down
wait_for 5 "a host that is cut off is missed" node_is "$lost" lost
wait_for 10 "its job runs again" all_there 2
is "$(grep -c "^2 $lost " ranks)" 0 "on other hosts"
on c ip link set "to-$lost" up
no_stray() { ! kill -0 "$stray" 2>/dev/null; }
wait_for 20 "what was left on it is ended when it is back" no_stray
touch enough
runs 0 "the job comes to its end" muster wait "$id"
is "$(grep -c "^rank . done" cut.out)" 3 "with all ranks"

rm -f ranks enough
id=$(submit --parsable -N 3 -n 3 --wrap "muster run ./long.sh")
wait_for 10 "a step runs" all_there 1
runs 0 "it is cancelled" muster cancel "$id"
wait_for 10 "and ends" state_is "$id" cancelled
gone() {
  for process in $(cut -d ' ' -f 3 ranks); do
    kill -0 "$process" 2>/dev/null && return 1
  done
  return 0
}
wait_for 10 "with all its ranks" gone
runs 0 "down" muster down
done_testing
