# Sourced by the cases: a private cluster, TAP output, and an end that leaves nothing behind. A case is
#
#   . "$(dirname "$0")/lib.sh"
#   cluster_up --nodes 2 --cpus-per-node 2
#   runs 0 "a trivial job ends well" submit --wait -- true
#   done_testing
#
# T is the case's directory; the last command that `runs` ran left T/out and T/err.
# shellcheck shell=sh
set -u

ROOT=$(cd "$(dirname "$0")/../.." && pwd)
PATH=${MUSTER_BIN:-$ROOT/build/bin}:$PATH
T=$(mktemp -d "${TMPDIR:-/tmp}/muster-test.XXXXXX")
MUSTER_DIR=$T/cluster
export PATH MUSTER_DIR
unset MUSTER_JOB_ID
cd "$T" || exit 99
n_tests=0
n_failed=0
finished=

note() {
  printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
  n_tests=$((n_tests + 1))
  echo "ok $n_tests - $1"
}

not_ok() {
  n_tests=$((n_tests + 1))
  n_failed=$((n_failed + 1))
  echo "not ok $n_tests - $1"
  shift
  for line in "$@"; do
    note "$line"
  done
}

# is GOT WANTED NAME
is() {
  if [ "$1" = "$2" ]; then
    ok "$3"
  else
    not_ok "$3" "got:    $1" "wanted: $2"
  fi
}

# like FILE PATTERN NAME: the file has a line that fits the extended regular expression.
like() {
  if grep -Eq -e "$2" "$1"; then
    ok "$3"
  else
    not_ok "$3" "no line of $1 fits: $2" "$(head -n 20 "$1")"
  fi
}

# unlike FILE PATTERN NAME
unlike() {
  if grep -Eq -e "$2" "$1"; then
    not_ok "$3" "a line of $1 fits: $2" "$(grep -E -e "$2" "$1" | head -n 5)"
  else
    ok "$3"
  fi
}

# runs STATUS NAME COMMAND...: the command exits with this status.
runs() {
  wanted=$1
  name=$2
  shift 2
  status=0
  timeout "${DEADLINE:-60}" "$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
  if [ "$status" -eq "$wanted" ]; then
    ok "$name"
  else
    not_ok "$name" "'$*' exited with $status, not $wanted" "$(head -n 20 "$T/out" "$T/err")"
  fi
}

# wait_for SECONDS NAME COMMAND...: the command succeeds before the deadline.
wait_for() {
  deadline=$(($(date +%s) + $1))
  name=$2
  shift 2
  until "$@" >"$T/wait" 2>&1; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      not_ok "$name" "'$*' did not succeed in time" "$(tail -n 20 "$T/wait")"
      return 1
    fi
    sleep 0.05
  done
  ok "$name"
}

cluster_up() {
  if ! timeout 60 muster up "$@" >"$T/up" 2>&1; then
    note "$(cat "$T/up")"
    echo "Bail out! muster up $* failed"
    exit 99
  fi
}

# field ID PATH: one value of the job's record, such as .outcome.exit_code
field() {
  muster show "$1" --json | jq -r "$2"
}

# state_is ID STATE
state_is() {
  [ "$(field "$1" .state)" = "$2" ]
}

# process_with NAME=VALUE...: the process of this case's cluster that has all of these in its environment, though
# the one that started it has not.
process_with() {
  found=$(cd /proc && echo [0-9]*/environ)
  for variable in "$@" "MUSTER_CONTROLLER=unix:$MUSTER_DIR/api.sock"; do
    # shellcheck disable=SC2086
    found=$(cd /proc && grep -lszFx -e "$variable" $found)
    [ -n "$found" ] || return
  done
  for process in $found; do
    parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/${process%/environ}/status")
    if ! printf '%s\n' "$found" | grep -qFx "$parent/environ"; then
      echo "${process%/environ}"
      return
    fi
  done
}

# agent_of NODE: the process of its agent.
agent_of() {
  cat "$MUSTER_DIR/nodes/$1/agent.lock"
}

# launcher_of NODE LAUNCH: the process of a launcher, of "1.1.0" for one.
launcher_of() {
  cut -d ' ' -f 1 "$MUSTER_DIR/nodes/$1/launches/$2/pid"
}

# node_is NODE STATE
node_is() {
  [ "$(muster nodes --json | jq -r ".nodes[] | select(.info.name == \"$1\") | .state")" = "$2" ]
}

# silence NODE LAUNCH: what a dead node looks like to the others. Nothing of the launch runs, and its agent is not heard.
silence() {
  kill -STOP "$(agent_of "$1")"
  launcher=$(launcher_of "$1" "$2")
  # shellcheck disable=SC2046 # one word a process
  kill -KILL "$launcher" $(cat /proc/"$launcher"/task/"$launcher"/children)
}

# Processes that belong to this case's cluster: all of them have its directory in their arguments or environment.
cluster_processes() {
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    if [ "$pid" != $$ ] && grep -aqs -e "$MUSTER_DIR" "$process/cmdline"; then
      echo "$pid"
    elif grep -aqs -e "MUSTER_LAUNCH_ID=" "$process/environ" &&
      grep -aqs -e "$MUSTER_DIR" "$process/environ"; then
      echo "$pid"
    fi
  done
}

no_cluster_processes() {
  left=$(cluster_processes)
  for pid in $left; do
    echo "$pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
  done
  [ -z "$left" ]
}

# Every case ends with this; without it the case counts as failed.
done_testing() {
  echo "1..$n_tests"
  finished=yes
  exit "$((n_failed > 0))"
}

# skip_all REASON: ends a case that cannot run on this machine; ctest shows it as skipped.
skip_all() {
  echo "1..0 # SKIP $1"
  finished=yes
  exit 77
}

end_case() {
  status=$?
  trap - EXIT INT TERM
  if [ -z "$finished" ] || { [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; }; then
    status=1
    note "$(tail -n 40 "$MUSTER_DIR"/log/* "$T"/*.out 2>/dev/null)"
  fi
  timeout 60 muster down >/dev/null 2>&1
  for pid in $(cluster_processes); do
    kill -KILL "$pid" 2>/dev/null
  done
  cd /
  rm -rf "$T"
  exit "$status"
}
trap end_case EXIT
trap 'exit 130' INT TERM
