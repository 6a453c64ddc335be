#!/bin/sh
# Output of ranks goes to files, of each rank, of each node or of the whole step; and a launch's log has a cap.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END'
[[pool]]
name = "default"
nodes = 2
cpus_per_node = 2

[limits]
launch_log = "256K"
END
cluster_up
mkdir work
say='echo "out $MUSTER_RANK"; echo "err $MUSTER_RANK" >&2'

# in_job SCRIPT: on two nodes with two tasks each, in work.
in_job() {
  printf '%s\n' '#!/bin/sh' "say='$say'" "$1" >job.sh
  timeout 60 submit -D "$T/work" -N 2 -n 4 --ntasks-per-node 2 -o "$T/job.out" -J net --wait job.sh >"$T/out" 2>"$T/err"
}

in_job 'muster run -o %j.%s-%t.log sh -c "$say"; muster run -o %j.%s-%2t.out -e %x.%N.err sh -c "$say"'
is "$?" 0 "steps with a file for each rank end well"
is "$(cd work && echo *.log)" "1.0-0.log 1.0-1.log 1.0-2.log 1.0-3.log" "each rank has its file, by the number of its step"
is "$(cat work/1.0-3.log)" "out 3
err 3" "with its output and errors"
is "$(cd work && echo *.out)" "1.1-00.out 1.1-01.out 1.1-02.out 1.1-03.out" "a number in the pattern pads"
is "$(cd work && echo *.err)" "net.n1.err net.n2.err" "each node has a file of errors"
is "$(sort work/net.n2.err)" "err 2
err 3" "shared by its ranks"
is "$(cat job.out)" "" "and nothing is printed"
is "$(muster logs --step 0 1 | grep err | sort)" "err 0
err 1
err 2
err 3" "the launches keep their logs of it"

in_job 'muster run -l --output all.txt --error %n.txt sh -c "$say"; sort all.txt'
is "$(cat job.out)" "0: out 0
1: out 1
2: out 2
3: out 3" "one file has the whole step when muster run returns, with labels"
is "$(sort work/1.txt)" "2: err 2
3: err 3" "also those of a node"

in_job 'muster run -e errors.txt sh -c "$say" | sort'
is "$(cat job.out)" "out 0
out 1
out 2
out 3" "output without a file is printed"
is "$(sort work/errors.txt | tr '\n' ' ')" "err 0 err 1 err 2 err 3 " "errors with one are not"

in_job 'muster run -o none/%t sh -c "echo \$MUSTER_RANK >>$PWD/started"'
is "$?" 127 "a file that cannot be opened fails the step"
like job.out "cannot open the output file '$T/work/none/[0-3]': No such file or directory" "with its path and the reason"
in_job 'mkdir n1; muster run -o %N/%t sh -c "echo \$MUSTER_RANK >>$PWD/started"'
like job.out "cannot open the output file '$T/work/n2/[23]'" "also on another node"
[ ! -e work/started ]
is "$?" 0 "and no rank of any node has started"

in_job 'muster run -n 1 -o /dev/full echo lost'
is "$?" 1 "a file that cannot be written fails the step"
like job.out "lost output: cannot write the output file '/dev/full': No space left" "and says so"
in_job 'muster run -n 4 -o /dev/full printf lost'
is "$?" 1 "also where an unfinished line is all that is lost"
in_job 'ln -s /dev/full n2.out; muster run -n 4 -o %N.out printf lost'
is "$?" 1 "and on another node"
like job.out "on n2 lost output: cannot write the output file '$T/work/n2.out'" "which it names"

runs 0 "a command of ranks" submit -D "$T/work" -N 2 -n 4 --mode allreduce -o ranks-%t.txt --wait -- sh -c "$say"
is "$(cat work/ranks-[0-3].txt | sort | tr '\n' ' ')" "err 0 err 1 err 2 err 3 out 0 out 1 out 2 out 3 " \
  "has files of its ranks by %t"
runs 1 "a letter that there is not is refused" submit -o x-%q -- true

mkfifo gate
cat >flood.sh <<'END'
#!/bin/sh
echo first
seq 1 200000
read -r line <gate
seq 200001 300000
echo last
END
job=$(submit --parsable -o flood.out flood.sh)
wait_for 20 "a job has written more than its log may have" grep -q '^200000$' flood.out
muster logs -f "$job" >followed &
follower=$!
wait_for 10 "somebody follows the log" grep -q '^200000$' followed
echo >gate
wait_for 20 "it ends" state_is "$job" completed
wait "$follower"
is "$(tail -n 1 followed)" "last" "who follows it gets the end"
like followed 'are left out here' "and is told of what is left out"
runs 0 "what is kept can be read" muster logs "$job"
is "$(head -n 1 out) $(tail -n 1 out)" "first last" "it begins and ends with what was written first and last"
like out '^muster: [0-9]* bytes of the log are left out here' "between is said how much is left out"
left=$(sed -n 's/^muster: \([0-9]*\) bytes of the log.*/\1/p' out)
kept=$(cat "$MUSTER_DIR/nodes/n1/launches/$job.1.batch"/log* | wc -c)
[ "$kept" -le 262144 ] && [ "$kept" -ge 200000 ]
is "$?" 0 "the log has no more than its limit on the disk ($kept bytes)"
[ "$left" -gt 1000000 ]
is "$?" 0 "the rest is left out ($left bytes)"
is "$(wc -l <flood.out)" 300002 "the job's own file has everything"
runs 0 "words that srun has for other things are told apart from files" submit --wait -o modes.out --wrap \
  'muster run -o none true || muster run -o ./none echo kept'
like modes.out "o=none is a mode of srun" "with what to say instead"
is "$(cat none)" kept "and a file may have such a name"
mkfifo pipe
runs 127 "a pipe is no output file" submit --wait -o fifo.out --wrap 'muster run -o pipe true'
like fifo.out "is a pipe or a socket; expected a file" "and is refused before it can hold anybody up"
runs 1 "a step that never was placed has no map" muster show --map --step 0 last
like err "none of the step's ranks was placed" "which is said"
done_testing
