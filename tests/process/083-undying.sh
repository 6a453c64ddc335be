#!/bin/sh
# A rank that SIGKILL does not end keeps its core, and only that: its job ends in time, the rest of the node works on,
# controller and agent may be killed meanwhile, and the core comes back by itself.
. "$(dirname "$0")/lib.sh"

sleep 1000 &
sleeper=$!
timeout 0.2 test_undying "$sleeper" >tried 2>tried.err
kill "$sleeper"
[ -s tried ] || skip_all "no process can be traced here: $(cat tried.err)"

held() {
  muster nodes --json | jq -c '.nodes[0].undying // [] | map([.pid, .job, .cores])'
}

holds() {
  [ "$(held)" = "$1" ]
}

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END'
[scheduler]
kill_grace = "1s"

[[pool]]
name = "default"
nodes = 1
cpus_per_node = 2
END
cluster_up

job=$(submit --parsable -n 2 --wrap "muster run sh -c 'echo \$\$ >$T/rank.\$MUSTER_RANK; exec sleep 1000'")
wait_for 20 "both ranks run" test -s rank.0 -a -s rank.1
rank=$(cat rank.1)
test_undying "$rank" >holding &
holder=$!
wait_for 10 "one will not die" grep -q held holding

muster cancel "$job"
wait_for 15 "its job ends nevertheless" state_is "$job" cancelled
core=$(muster nodes --json | jq -r '.nodes[0].undying[0].cores')
is "$(held)" "[[$rank,$job,\"$core\"]]" "the process holds one core"
muster nodes >nodes
like nodes "^n1: process $rank \(sleep, state .\) of job $job holds core $core since " "muster nodes says what is held"
like nodes "^n1 +default +idle" "and the node is no worse for it"
muster node show n1 >shown
like shown "^held +process $rank .* since .*; SIGKILL does not end it" "muster node show, too"
muster events >events
like events "node_quarantined node=n1: process $rank " "and the events"

runs 0 "the other core works on" submit --wait -- true
waiting=$(submit --parsable -n 2 --wrap true)
muster why "$waiting" >why
like why "process $rank \(sleep, state .\) of job $job holds core $core on n1 since" "a job that needs both is told"

kill -KILL "$(cat "$MUSTER_DIR/musterd.lock")"
kill -KILL "$(agent_of n1)"
runs 0 "controller and agent come back" muster up
wait_for 20 "they know what is held" holds "[[$rank,$job,\"$core\"]]"
runs 0 "nobody else gets it" submit --wait -- true
is "$(field "$waiting" .state)" waiting "the job waits"

kill "$holder"
wait_for 10 "the core comes back by itself" holds "[]"
runs 0 "and the job runs" muster wait "$waiting"
muster events >events
like events "node_quarantined node=n1: nothing is held any more" "as the events say"
done_testing
