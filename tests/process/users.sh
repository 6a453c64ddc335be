# Sourced after lib.sh by cases with several users, ann, bob and others, who are in copies of the files of accounts that
# this case alone sees. Such a case begins by going to a mount namespace of its own (MUSTER_TEST_SPACE).
# shellcheck shell=sh

free=60000
next_free() {
  free=$((free + 1))
  while getent passwd $free >/dev/null || getent group $free >/dev/null; do free=$((free + 1)); done
}

# users_up NAME...: each is mu-NAME with a group and a home of its own, and the number $NAME; the first is in the group
# mu-crew, too.
users_up() {
  [ "$(id -u)" -eq 0 ] || skip_all "only root starts what other users run"
  [ -n "${MUSTER_TEST_SPACE-}" ] || skip_all "no mount namespace can be made here"
  command -v setpriv >/dev/null || skip_all "there is no setpriv(1)"
  cat /etc/passwd >passwd
  cat /etc/group >group
  next_free
  echo "mu-crew:x:$free:mu-$1" >>group
  for name in "$@"; do
    next_free
    eval "$name=$free"
    echo $free >"number.$name"
    echo "mu-$name:x:$free:$free::$T/home/$name:/bin/sh" >>passwd
    echo "mu-$name:x:$free:" >>group
    mkdir -p "home/$name"
    chown $free:$free "home/$name"
    chmod 700 "home/$name"
  done
  mount --bind passwd /etc/passwd && mount --bind group /etc/group || skip_all "no files can be mounted here"
  # The programs at a place where all users come.
  mkdir bin
  (cd "${MUSTER_BIN:-$ROOT/build/bin}" && cp -a muster* submit "$T/bin" &&
    { [ ! -e mpi_program ] || cp mpi_program "$T/bin"; }) || skip_all "no programs to be copied"
  PATH=$T:$T/bin:$PATH
  chmod 711 "$T" home
  export T
  # user NAME COMMAND...: in the user's home, with an environment that is not.
  cat >user <<'END'
#!/bin/sh
cd "$T/home/$1" || exit 99
number=$(cat "$T/number.$1")
groups=--clear-groups
[ "$(id -un "$number")" != "mu-$1" ] || groups=--init-groups
shift
exec setpriv --reuid="$number" --regid="$number" $groups \
  env HOME=/nowhere USER=nobody LOGNAME=nobody SHELL=/bin/false "$@"
END
  chmod +x user
}

# user_of PROCESS: its four user numbers.
user_of() {
  sed -n 's/^Uid:[[:space:]]*//p' "/proc/$1/status" | tr '\t' ' '
}
only() { echo "$1 $1 $1 $1"; }
