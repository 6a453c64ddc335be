# What the programs of providers share: one line of JSON a node, read and answered (docs/providers.md). A program has
#
#   create_node, destroy_node   for the line in $line, with the answer_ functions below
#   list_nodes                  for the cluster and pool of $line; fails when the list is not whole
#   locked                      optional: takes a lock before the first line
#
# and ends with: provider "$@"
# shellcheck shell=sh
set -u

complain() {
  echo "$*" >&2
}

# needs PROGRAM...: each is there.
needs() {
  for program in jq "$@"; do
    command -v "$program" >/dev/null && continue
    complain "$(basename "$0"): the program '$program' is needed, and is not in PATH ($PATH)"
    exit 1
  done
}

# What is in the line becomes variables: field_NAME, and option_NAME for the pool's options.
read_fields() {
  eval "$(printf %s "$line" | jq -r '
    def text: if . == null then "" elif type == "array" then join(",") else tostring end;
    def variables($kind): to_entries[] | select(.key | test("^[A-Za-z0-9_]+$")) | "\($kind)_\(.key)=\(.value | text | @sh)";
    (del(.options) | variables("field")), (.options // {} | variables("option"))')"
}

# field NAME: of the line; nothing where it is empty.
field() {
  eval "printf '%s\n' \"\${field_$1-}\""
}

# option NAME DEFAULT: of the pool's options.
option() {
  eval "value=\${option_$1-}"
  printf '%s\n' "${value:-$2}"
}

# has_options NAME...: without which nothing works. When one is missing, $error says so.
has_options() {
  for wanted in "$@"; do
    [ -n "$(option "$wanted" "")" ] && continue
    error="[pool.options] of pool '$(pool)' in muster.toml has no '$wanted'"
    return 1
  done
}

# Whether the node may be taken away at short notice, which is cheaper.
is_spot() {
  [ "$(field tier)" = low-priority ] || [ "$(option spot false)" = true ]
}

name() { field name; }
pool() { field pool; }
# Lower-case letters, digits and hyphens, which every provider takes in names.
cluster() { field cluster | tr '[:upper:]_.' '[:lower:]--'; }

answer_made() {
  jq -cn --arg name "$(name)" --arg id "$1" '{name: $name, made: true, id: $id}'
}
answer_ended() {
  jq -cn --arg name "$(name)" '{name: $name, ended: true}'
}
answer_error() {
  jq -cn --arg name "$(name)" --arg error "$*" '{name: $name, error: $error}'
}
# There is no room for it now, there may be later or elsewhere.
answer_no_room() {
  jq -cn --arg name "$(name)" --arg error "$*" '{name: $name, error: $error, capacity: true}'
}
# answer_listed NAME ID [BIRTH]
answer_listed() {
  jq -cn --arg name "$1" --arg id "$2" --arg birth "${3-}" '{name: $name, id: $id, birth: $birth}'
}

# Whether only the machine of the line's id is to be ended, for there is another one of the name.
is_extra() { [ "$(field extra)" = true ]; }

# The same for each try of one call, another one each time that the node is to be made: 64 hexadecimal digits.
birth_token() {
  printf '%s %s %s' "$(field cluster)" "$(name)" "$(field birth)" | sha256sum | cut -c 1-64
}

# The script that a machine runs at its first start (cloud-init's user-data): it joins, and starts its agent. Muster has
# to be installed in the image.
first_start() {
  cat <<END_OF_SCRIPT
#!/bin/sh
echo '$(field token)' | muster node join --wait $(field start_timeout_s)s - && systemctl enable --now muster-agent
END_OF_SCRIPT
}

# tool COMMAND...: what it prints is $out. When it fails, $error is what it said. It is waited for so that a TERM counts at
# once: what is in $work, a token among it, must not stay behind.
tool() {
  "$@" >"$work/out" 2>"$work/error" &
  wait $!
  status=$?
  out=$(cat "$work/out")
  [ "$status" -ne 0 ] || return 0
  error=$(grep -v '^[[:space:]]*$' "$work/error" | tail -n 3 | tr '\n' ' ' | sed 's/ *$//')
  [ -n "$error" ] || error="'$1' ended with exit status $status"
  return 1
}

# answer_failure PATTERN: by $error, which fits the pattern when there was no room.
answer_failure() {
  if printf %s "$error" | grep -Eq -e "$1"; then
    answer_no_room "$error"
  else
    answer_error "$error"
  fi
}

# The folder $work is the line's own, and for its owner alone.
do_line() (
  umask 077
  work=$(mktemp -d) || exit
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' TERM
  read_fields
  "$1" </dev/null
)

# Up to $at_once lines at a time.
each_line() {
  first=yes
  n_lines=0
  while IFS= read -r line; do
    [ -n "$line" ] || continue
    if [ -n "$first" ] && command -v locked >/dev/null; then
      read_fields
      locked
    fi
    first=
    if [ "${at_once:-1}" = 1 ]; then
      do_line "$1" || return
      continue
    fi
    do_line "$1" &
    n_lines=$((n_lines + 1))
    [ $((n_lines % at_once)) -ne 0 ] || wait
  done
  wait
}

provider() {
  case ${1-} in
    create | destroy) each_line "$1_node" ;;
    list)
      at_once=1
      each_line list_nodes
      ;;
    watch) exit 64 ;; # has none
    *)
      cat <<END_OF_USAGE
usage: $(basename "$0") create|destroy|list <LINES

Makes and ends nodes of a Muster cluster: a program for provider = "exec" in muster.toml(5), which gives it one object
of JSON a line. See docs/providers.md.
END_OF_USAGE
      [ "${1-}" = --help ] || exit 2
      ;;
  esac
}
