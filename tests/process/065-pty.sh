#!/bin/sh
# A step on a pseudo-terminal: keys, window size, detach and re-attach, and a terminal that is as before afterwards.
. "$(dirname "$0")/lib.sh"

command -v script >/dev/null || skip_all "script(1) is not installed"
cluster_up --nodes 1 --cpus-per-node 2
SHELL=/bin/sh submit --parsable -o job.out --wrap 'exec sleep 1000' >"$T/id"
wait_for 10 "a job runs" state_is 1 running

# terminal NAME COMMAND: runs it on a terminal of 33 lines. NAME.seen is what it shows, NAME.keys takes what is typed,
# NAME.tty is its name, NAME.code its exit code; NAME.before and NAME.after are the terminal's settings.
terminal() {
  mkfifo "$1.keys"
  cat >"$1.sh" <<END
stty rows 33 cols 101
tty >$1.tty
stty -g >$1.before
echo \$\$ >$1.pid
$2
echo \$? >$1.code
stty -g >$1.after
END
  exec 9<>"$1.keys" # held open before anything is typed: who types closes it again
  sleep 600 >&9 &
  echo $! >"$1.holder"
  exec 9>&-
  script -qefc "sh $1.sh" "$1.seen" <"$1.keys" >/dev/null 2>&1 &
}

# types NAME TEXT: as printf has it.
types() {
  printf "$2" >"$1.keys"
}

# shows NAME TEXT
shows() {
  wait_for 20 "$1: $2" grep -aq -e "$2" "$1.seen"
}

# leaves NAME CODE: the command has ended with this exit code, and the terminal is as it was.
leaves() {
  wait_for 20 "$1: the command returns" test -s "$1.after"
  is "$(cat "$1.code")" "$2" "$1: with exit code $2"
  cmp -s "$1.before" "$1.after"
  is "$?" 0 "$1: the terminal has its settings again"
  kill "$(cat "$1.holder")"
}

runs 1 "without a terminal --pty is refused" muster run --job 1 --pty sh
runs 2 "it runs one task" muster run --job 1 --pty -n 2 sh
runs 2 "it goes with no file" muster run --job 1 --pty -o x sh
runs 1 "there is nothing to attach to" muster attach 1
like err "job 1 has no such step that runs on a terminal" "yet"

export PS1='$ ' ENV=
terminal one 'muster run --job 1 --pty sh'
types one 'tty; test -t 0 && test -t 1 && test -t 2 && echo three-$((1+2)) rank-$MUSTER_RANK\n'
shows one 'three-3 rank-0'
runs 1 "without a terminal nobody attaches" muster attach 1
like err "not a terminal" "as is said"
types one 'stty size\n'
shows one '33 101'
stty -F "$(cat one.tty)" rows 44 cols 90
types one 'while [ "$(stty size)" != "44 90" ]; do :; done; echo resized-$((40+4))\n'
shows one 'resized-44'
types one 'sh -c "echo sleeps-\\$((2+3)); exec sleep 1000"\n'
shows one 'sleeps-5'
types one '\003'
types one 'echo back-$?\n'
shows one 'back-130'
types one 'exit 7\n'
leaves one 7
wait_for 10 "the log has it" sh -c 'muster logs --step 0 1 | grep -q resized-44'

terminal two 'muster run --job 1 --pty sh'
types two 'echo number-$((6*7)); trap "echo hung up" HUP\n'
shows two 'number-42'
types two '\035d'
leaves two 0
shows two 'detached from step 1.1; back with: muster attach 1.1'

terminal three 'muster attach 1.1'
shows three 'number-42'
mkfifo go
types three 'echo again-$((1+1)); stty size\n'
shows three 'again-2'
shows three '33 101'
types three 'sh -c "read -r x <go; echo alone-\\$((4+4))"\n'
shows three 'alone-.*4+4'
kill -HUP "$(pgrep -P "$(cat three.pid)")"
leaves three 0
echo >go
wait_for 10 "a detached program goes on" sh -c 'muster logs --step 1 1 | grep -q alone-8'

terminal four 'muster attach 1'
shows four 'alone-8'
terminal five 'muster attach last'
leaves four 0
shows five 'alone-8'
types five 'exit 3\n'
leaves five 3
terminal six 'muster attach 1.1'
leaves six 1
shows six 'no such step'

terminal seven 'muster run --job 1 --pty sh'
types seven 'echo pid-$$-\n'
shows seven 'pid-[0-9][0-9]*-'
program=$(grep -ao 'pid-[0-9][0-9]*' seven.seen | head -n 1 | tr -dc 0-9)
kill -KILL "$(pgrep -P "$(cat seven.pid)")"
gone() { ! kill -0 "$1" 2>/dev/null; }
wait_for 15 "the program ends when its client is killed, undetached" gone "$program"
kill "$(cat seven.holder)"

terminal nine 'SHELL=/bin/nothing muster shell 1'
types nine 'echo job-$MUSTER_JOB_ID-rank-$RANK-; exit 4\n'
shows nine 'job-1-rank--'
leaves nine 4

terminal eight 'muster run --job 1 --pty sh'
types eight 'echo here-$((1+1))\n'
shows eight 'here-2'
muster cancel 1
wait_for 20 "a cancelled job ends" state_is 1 cancelled
wait_for 20 "its client too" test -s eight.after
cmp -s eight.before eight.after
is "$?" 0 "and the terminal has its settings again"
kill "$(cat eight.holder)"
done_testing
