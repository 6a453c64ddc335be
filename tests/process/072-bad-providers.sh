#!/bin/sh
# Bad luck with a program that makes nodes: each time the job waits with the reason, nothing is left behind, and when the
# program works again the job runs.
. "$(dirname "$0")/lib.sh"

muster init --dir "$MUSTER_DIR" --listen 127.0.0.1:7443 >/dev/null
cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[listen]
agents = "tls:127.0.0.1:0"
[scheduler]
heartbeat = "200ms"
node_timeout = "2s"
requeue_backoff = "0s"
[[pool]]
name = "cloud"
provider = "exec"
program = "$T/machines $T"
program_timeout = "1s"
max_nodes = 2
cpus_per_node = $(nproc)
memory_per_node = "64M"
idle_timeout = "100ms"
start_timeout = "3s"
reconcile_interval = "300ms"
[[pool]]
name = "hand"
provider = "static"
END_OF_CONFIG

# Machines are processes here. The file "mode" says what is wrong with them.
cat >machines <<'END_OF_PROGRAM'
#!/bin/sh
cd "$1" || exit 1
mode=$(cat mode)
name_of() { printf '%s' "$line" | jq -r .name; }
dir() { echo "$MUSTER_DIR/machines/$1"; }
boot() {
  printf '%s' "$line" | jq -r .token >"$(dir "$1")/token"
  setsid sh -c 'muster node join - --dir "$1" <"$1/token" && exec muster-agent --config "$1/agent.conf"' boot \
    "$(dir "$1")" >"$1.boot" 2>&1 </dev/null &
}
off() {
  for lock in "$(dir "$1")"/agent.lock "$(dir "$1")"-copy/agent.lock; do
    [ -s "$lock" ] && kill -KILL "$(cat "$lock")" 2>/dev/null
  done
  rm -rf "$(dir "$1")" "$(dir "$1")-copy"
}
case $2 in
  create)
    while read -r line; do
      name=$(name_of)
      case $mode in
        hangs) sleep 100 ;;
        rubbish) echo "Deployment of $name started"; continue ;;
        too-few) [ "$name" = cloud-1 ] || continue ;;
        full) echo "{\"name\":\"$name\",\"error\":\"quota of 0 cores\",\"capacity\":true}"; continue ;;
        fails) echo "login expired" >&2; exit 7 ;;
      esac
      mkdir -p "$(dir "$name")"
      [ "$mode" = silent ] || [ "$mode" = lost ] || boot "$name"
      echo "{\"name\":\"$name\",\"made\":true}"
      [ "$mode" = lost ] && off "$name"
    done
    exit 0
    ;;
  destroy)
    while read -r line; do
      name=$(name_of)
      off "$name"
      echo "{\"name\":\"$name\",\"ended\":true}"
    done
    ;;
  list)
    [ "$mode" = unlistable ] && echo "no answer from the cloud" >&2 && exit 1
    for machine in "$MUSTER_DIR"/machines/cloud-?; do
      [ -d "$machine" ] && echo "{\"name\":\"$(basename "$machine")\"}"
    done
    exit 0
    ;;
  watch) exit 64 ;;
esac
END_OF_PROGRAM
chmod +x machines
machines_are() { [ "$(find "$MUSTER_DIR/machines" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" = "$1" ]; }
pools_say() { muster pools | grep -Eq -e "$1"; }
why_says() { muster why "$1" | grep -Eq -e "$2"; }
log=$MUSTER_DIR/log/musterd.log
said() { grep -Eq -e "$2" "$1"; }

echo fine >mode
musterd --config "$MUSTER_DIR/muster.toml" >"$T/musterd.out" 2>&1 &
wait_for 10 "musterd is there" muster pools

runs 1 "a machine of another pool may not have the name of a node that a program makes" muster node add cloud-2
like "$T/err" "'cloud-2' is the name of a node that pool 'cloud' makes itself" "which it says"

# bad MODE PATTERN: what is said while a job waits; afterwards it runs.
bad() {
  echo "$1" >mode
  job=$(submit --parsable -- true)
  wait_for 10 "$1: muster pools says so" pools_say "$2"
  wait_for 5 "$1: so does muster why" why_says "$job" "$2"
  echo fine >mode
  runs 0 "$1: it goes on by command" muster pool cloud resume
  runs 0 "$1: and the job runs" muster wait "$job"
  wait_for 10 "$1: nothing is left" machines_are 0
}
bad hangs "'machines create' did not end within 1s"
bad rubbish "'machines create' printed 'Deployment of cloud-. started', which is no answer"
bad full "no room for it: quota of 0 cores"
bad fails "'machines create' ended with exit status 7: login expired"
bad silent "it did not come up within 3s"
bad lost "its provider has it no longer"

echo too-few >mode
job=$(submit --parsable -N 2 -- true)
wait_for 10 "too few: the one without an answer has failed" pools_say "'machines create' ended without a word of it"
echo fine >mode
runs 0 "too few: it comes later, and the job runs" muster wait "$job"
wait_for 10 "and goes" machines_are 0

# A program that always fails is not called for ever.
echo fails >mode
before=$(grep -c "node_not_made.*login expired" "$log")
job=$(submit --parsable -- true)
failures() { [ "$(grep -c "node_not_made.*login expired" "$log")" -ge "$1" ]; }
wait_for 10 "one that fails is tried again" failures $((before + 2))
wait_for 5 "after a pause that muster why names" why_says "$job" "cannot get nodes: .*login expired; tries"
wait_for 5 "the job waits" state_is "$job" waiting
runs 0 "and is cancelled" muster cancel "$job"
echo fine >mode
runs 0 "the pool goes on" muster pool cloud resume

# Two agents with one name, and one with another name than its certificate's.
job=$(submit --parsable -- sh -c "until [ -e $T/go ]; do sleep 0.05; done")
wait_for 10 "a job runs" state_is "$job" running
node=$(basename "$MUSTER_DIR"/machines/cloud-?)
machine=$MUSTER_DIR/machines/$node
cp -r "$machine" "$machine-copy"
rm -rf "$machine-copy/agent.lock" "$machine-copy/launches" "$machine-copy/agent.log"
sed -i "s,^dir.*,dir = $machine-copy," "$machine-copy/agent.conf"
muster-agent --config "$machine-copy/agent.conf" >"$T/copy.out" 2>&1 &
copy=$!
wait_for 10 "a second agent of the node is refused" said "$log" "agent_refused node=$node .*served by another agent"
wait_for 10 "which it says" said "$machine-copy/agent.log" "refused why=.*served by another agent"
kill "$copy"
wait "$copy"
sed -i "s,^name.*,name = cloud-9," "$machine-copy/agent.conf"
runs 1 "nor may it come under another name" muster-agent --config "$machine-copy/agent.conf"
like "$T/err" "is that of '$node', not of 'cloud-9'" "which it says"
touch "$T/go"
runs 0 "the job ends well" muster wait "$job"
wait_for 10 "nodes go" machines_are 0

mkdir -p "$MUSTER_DIR/machines/cloud-7"
wait_for 5 "a machine that nobody asked for is ended" machines_are 0
echo unlistable >mode
wait_for 5 "a list that fails is said" said "$log" "provider_list_failed pool=cloud why=.*no answer from the cloud"
echo fine >mode

is "$(muster node list | grep -c cloud-)" 0 "no certificate is left"
unlike "$log" "[0-9a-f]{64},[0-9a-f]{64}" "no token was ever in the log"
done_testing
