# What the fakes of cloud tools share: a cloud in the folder FAKE, whose file "mode" says what is wrong with it.
# shellcheck shell=sh
set -u
mode=$(cat "$FAKE/mode")
printf '%s' "$(basename "$0")" >>"$FAKE/calls"
printf ' <%s>' "$@" >>"$FAKE/calls"
echo >>"$FAKE/calls"
[ "$mode" != hangs ] || { echo hangs >>"$FAKE/calls" && exec sleep 100; }

# A call that the real tool would not take, or that the adapter should not make.
bad_call() {
  echo "fake $(basename "$0"): $*" >>"$FAKE/bad"
  echo "usage error: $*" >&2
  exit 2
}

# take NAMES FLAGS WORD...: reads options of these names, and those without a value, into variables; $several may have
# several values. Other words are $operand.
take() {
  known=" $(printf %s "$1" | tr -s '\n ' ' ') "
  flags=" $2 "
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --*) ;;
      *)
        operand=${operand-}${operand:+ }$1
        shift
        continue
        ;;
    esac
    option=${1#--}
    shift
    variable=$(printf %s "$option" | tr '-' '_')
    case $flags in
      *" $option "*)
        eval "$variable=yes"
        continue
        ;;
    esac
    case $known in
      *" $option "*) ;;
      *) bad_call "unknown option --$option" ;;
    esac
    value=
    while [ $# -gt 0 ]; do
      case $1 in
        --*) break ;;
      esac
      value="$value${value:+ }$1"
      shift
      case " $several " in
        *" $option "*) ;;
        *) break ;;
      esac
    done
    eval "$variable=\$value"
  done
}

# wants NAME VALUE-PATTERN VALUE
wants() {
  printf '%s\n' "$3" | grep -Eqx -e "$2" || bad_call "$1 is '$3', expected $2"
}

# The script that a machine gets has the token, and nobody else can read it.
wants_user_data() {
  grep -q "^echo 'TOKEN-OF-$2' | muster node join --wait 600s - && systemctl enable --now muster-agent$" "$1" ||
    bad_call "no line to join for $2 in $(cat "$1")"
  [ "$(stat -c %a "$1")" = 600 ] || bad_call "others can read $1"
}
