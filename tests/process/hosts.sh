# Sourced after lib.sh by cases whose machines are network namespaces: one for the controller, which is c, and hosts that
# reach it over a link of their own at ${net}1.
# shellcheck shell=sh

net=10.231.$(($$ % 250)).
prefix=mu$$
host() { echo "$prefix-$1"; }
on() {
  where=$(host "$1")
  shift
  ip netns exec "$where" "$@"
}
address_of() { echo "${net}1${1#n}"; }

hosts_gone() {
  for name in c $hosts; do
    ip netns del "$(host "$name")" 2>/dev/null
  done
}

# hosts_up NAME...: n1 has the address ${net}11, and so on; the case is skipped where there are no network namespaces.
hosts_up() {
  hosts=$*
  trap 'status=$?; hosts_gone; (exit $status); end_case' EXIT
  if ! ip netns add "$(host c)" 2>"$T/err"; then
    skip_all "no network namespaces here: $(cat "$T/err")"
  fi
  on c ip link set lo up
  on c ip link add br0 type bridge
  on c ip addr add "${net}1/24" dev br0
  on c ip link set br0 up
  for name in $hosts; do
    ip netns add "$(host "$name")"
    on c ip link add "to-$name" type veth peer name eth0 netns "$(host "$name")"
    on c ip link set "to-$name" master br0 up
    on "$name" ip addr add "$(address_of "$name")/24" dev eth0
    on "$name" ip link set eth0 up
    on "$name" ip link set lo up
  done
}
