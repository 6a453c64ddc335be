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

# field NAME: of the line, as text; nothing where it is empty.
field() {
  printf %s "$line" | jq -r --arg name "$1" '.[$name] // "" | if type == "array" then join(",") else tostring end'
}

# option NAME DEFAULT: of the pool's options.
option() {
  printf %s "$line" | jq -r --arg name "$1" --arg default "$2" '.options[$name] // $default | tostring'
}

# needed_option NAME: one without which nothing works.
needed_option() {
  value=$(option "$1" "")
  [ -n "$value" ] && echo "$value" && return
  complain "$(basename "$0"): [pool.options] has no '$1'"
  return 1
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
# answer_listed NAME ID
answer_listed() {
  jq -cn --arg name "$1" --arg id "$2" '{name: $name, id: $id}'
}

# The script that a machine runs at its first start (cloud-init's user-data): it joins, and starts its agent. Muster has
# to be installed in the image.
first_start() {
  cat <<END_OF_SCRIPT
#!/bin/sh
echo '$(field token)' | muster node join - && systemctl enable --now muster-agent
END_OF_SCRIPT
}

each_line() {
  first=yes
  while IFS= read -r line; do
    [ -n "$line" ] || continue
    [ -n "$first" ] && command -v locked >/dev/null && locked
    first=
    "$1" || return
  done
}

provider() {
  case ${1-} in
    create | destroy) each_line "$1_node" ;;
    list) each_line list_nodes ;;
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
