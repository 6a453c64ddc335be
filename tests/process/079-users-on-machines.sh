#!/bin/sh
# Jobs of a user on machines that joined over TLS, whose agents are root's: steps across them are the user's, and the
# API is reached through the agents by who has a job there.
if [ "$(id -u)" -eq 0 ] && [ -z "${MUSTER_TEST_SPACE-}" ] && unshare -m true 2>/dev/null; then
  MUSTER_TEST_SPACE=yes exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/users.sh"
. "$ROOT/tests/process/hosts.sh"

users_up ann bob
hosts_up n1 n2
muster init --dir "$MUSTER_DIR" --listen "${net}1:7443" >init.out 2>&1
like "$MUSTER_DIR/muster.toml" '^users = "all"$' "a cluster of root's machines is for all users"
log=$MUSTER_DIR/log/musterd.log
said() { grep -Eq -e "$2" "$1"; }
ip netns exec "$(host c)" musterd --config "$MUSTER_DIR/muster.toml" >controller.out 2>&1 &
wait_for 10 "the controller listens for machines" said "$log" "listening for=agents"
for name in $hosts; do
  # shellcheck disable=SC2046 # the line is words
  on $name $(muster node add $name) --dir "$MUSTER_DIR/machines/$name" >join.out 2>&1
  ip netns exec "$(host $name)" muster-agent --config "$MUSTER_DIR/machines/$name/agent.conf" --slice-cores 1 --keep-launches 2 \
    >"$T/$name.out" 2>&1 &
done
chmod 711 "$MUSTER_DIR/machines"
for name in $hosts; do
  wait_for 10 "$name is a node" node_is $name idle
done

cat >home/ann/rank.sh <<'END2'
#!/bin/sh
echo "$(id -un) $MUSTER_NODE $(readlink /proc/self/ns/net) $(muster show "$MUSTER_JOB_ID" --json | jq -r .state)"
until [ -e enough ]; do sleep 0.05; done
END2
chmod +x home/ann/rank.sh
step=$(user ann submit --parsable -N 2 -n 2 -o step.out --wrap 'muster run ./rank.sh')
both_there() { [ "$(grep -c '^mu-ann n[12] ' home/ann/step.out)" = 2 ]; }
wait_for 20 "a step of a user's runs on both machines" both_there
for name in $hosts; do
  echo "mu-ann $name $(on $name readlink /proc/self/ns/net) running"
done >wanted.out
is "$(sort home/ann/step.out)" "$(cat wanted.out)" "with a rank on each, which asks the controller"
for name in $hosts; do
  launcher=$(cut -d ' ' -f 1 "$MUSTER_DIR/machines/$name/launches/$step.1.0/pid")
  is "$(user_of "$launcher")" "$(only "$ann")" "its launcher on $name is the user's"
done
runs 1 "another user is not heard there" user bob env MUSTER_CONTROLLER="unix:$MUSTER_DIR/machines/n1/run/api.sock" muster jobs
like err "runs no job of user" "and is told why"
runs 2 "nor comes to what is not for all" user bob ls "$MUSTER_DIR/machines/n1/identity"
runs 0 "the user does something in the job" ip netns exec "$(host c)" user ann muster exec "$step" id -un
is "$(cat out)" mu-ann "as that user"
touch home/ann/enough
runs 0 "the step ends well" user ann muster wait "$step"
if [ -x bin/mpi_program ]; then
  runs 0 "an MPI program of a user's" user ann submit --wait -o mpi.out -N 2 -n 2 --wrap "muster run $T/bin/mpi_program ring"
  like home/ann/mpi.out "^ring 2$" "is one world on both machines"
fi
few() { [ "$(find "$MUSTER_DIR/machines/n1/launches" -mindepth 1 -maxdepth 1 | wc -l)" -le 2 ]; }
wait_for 10 "directories of old launches go" few
empty() { [ -z "$(find "$MUSTER_DIR/run" "$MUSTER_DIR/machines" -name '*.[0-9].sock')" ]; }
wait_for 10 "no socket of a step is left" empty
runs 0 "down" muster down
done_testing
