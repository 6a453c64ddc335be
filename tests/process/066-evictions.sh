#!/bin/sh
# Low-priority nodes: a job whose node is evicted saves, ends on all its nodes and goes on elsewhere, up to its cap.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END_OF_CONFIG'
[[pool]]
name = "spot"
tier = "low-priority"
nodes = 3
cpus_per_node = 1

[[pool]]
name = "firm"
nodes = 2
cpus_per_node = 1

[[quota]]
tier = "low-priority"
nodes = 2
END_OF_CONFIG
cluster_up
mkfifo never

cat >train.sh <<'END'
#!/bin/bash
#SUBMIT --nodes=2 --tier=low-priority --signal=B:USR1
save() {
  echo "state of attempt $MUSTER_ATTEMPT" >checkpoint
  touch "$MUSTER_CHECKPOINT_FILE"
  exit 0
}
trap save USR1
echo "attempt $MUSTER_ATTEMPT, $MUSTER_NODE_TIER, $MUSTER_EVICTION_COUNT evictions, $(cat checkpoint 2>/dev/null): $MUSTER_RESTART_REASON"
muster run sh -c 'echo $$ >"rank.$MUSTER_ATTEMPT.$MUSTER_RANK"; exec sleep 1000' &
until [ -e enough ]; do read -rt 0.05 <>never; done
exit 0
END
train=$(submit --parsable -o train.out train.sh)
wait_for 20 "a job runs on two low-priority nodes" test -s rank.1.0 -a -s rank.1.1
like train.out "^attempt 1, low-priority, 0 evictions, : $" "and knows of its tier"
second=$(field "$train" '.allocation.nodes[1].name')
runs 0 "one of them is evicted" muster node evict "$second" --notice 3s
runs 0 "muster nodes shows that" muster nodes
like "$T/out" "^$second is evicted until .*: by " "with who did it"
wait_for 20 "the job runs again" grep -q "^attempt 2" train.out
gone=yes
for rank in 0 1; do
  if kill -0 "$(cat "rank.1.$rank")" 2>/dev/null; then gone=no; fi
done
is "$gone" yes "all ranks of its first attempt are gone"
like train.out "^attempt 2, low-priority, 1 evictions, state of attempt 1: $second was evicted: by " \
  "it sees what it saved, and why it was ended"
is "$(field "$train" '.earlier[0] | "\(.why.cause) \(.why.node)"')" "evicted $second" "the record has the eviction"
is "$(field "$train" '.earlier[0] | has("checkpoint_at") and has("lost_time") and (.lost_core_seconds < 60)')" true \
  "and what it cost"
runs 0 "muster show has both" muster show "$train"
like "$T/out" "evicted: by .*; lost .* core-seconds$" "for people"
like "$T/out" "evictions +1$" "with how many there were"
touch enough
runs 0 "the job comes to its end" muster wait "$train"
runs 0 "events have it too" muster events --job "$train"
like "$T/out" "attempt_evicted" "as a step of the job"

# The cap.
wait_for 20 "the node was made again" sh -c "muster nodes --json | jq -e '[.nodes[] | select(.state == \"idle\")] | length == 5'"
only=$(submit --parsable --tier=low-priority --max-evictions=1 -- sleep 1000)
both=$(submit --parsable --tier=low-priority,dedicated --max-evictions=1 -- sleep 1000)
wait_for 10 "a job runs that may use low-priority nodes only" state_is "$only" running
wait_for 10 "and one that would rather" state_is "$both" running
here=$(field "$both" '.allocation.nodes[0].name')
like "$MUSTER_DIR/muster.toml" "${here%-n*}" "there is such a pool"
is "${here%-n*}" spot "it is on one"
runs 0 "the node of the first is evicted" muster node evict --notice 0s "$(field "$only" '.allocation.nodes[0].name')"
wait_for 20 "the job has failed" state_is "$only" failed
runs 0 "muster why says why" muster why "$only"
like "$T/out" "max-evictions=1 is reached, and --tier=low-priority allows no dedicated nodes" "by its cap"
runs 0 "that of the other is evicted" muster node evict --notice 0s "$here"
wait_for 20 "it runs again" sh -c "muster show $both --json | jq -e '.attempt == 2 and .state == \"running\"'"
like "$(field "$both" '.allocation.nodes[0].name' >where && echo where)" "^firm-n" "on a dedicated node"
muster cancel "$both" >/dev/null

runs 1 "more than the quota of the tier is refused" submit --tier=low-priority --nodes=3 -- true
like "$T/err" "quota of low-priority pools is 2 nodes" "naming it"
runs 0 "who says nothing gets a dedicated node" submit --wait -o tier.out -- sh -c 'echo "$MUSTER_NODE_TIER"'
like tier.out "^dedicated$" "and knows it"
runs 1 "an unknown tier is refused" submit --tier=cheap -- true
like "$T/err" "low-priority" "with those that there are"

# Drains.
wait_for 10 "the dedicated nodes are idle" sh -c "muster nodes --json | jq -e '[.nodes[] | select(.info.pool == \"firm\" and .state == \"idle\")] | length == 2'"
runs 0 "a node is drained" muster drain firm-n1 --reason "a fan is loud"
runs 0 "muster nodes says so" muster nodes
like "$T/out" "firm-n1 +firm +drained" "by its state"
like "$T/out" "firm-n1 is drained by .*: a fan is loud" "with the reason"
next=$(submit --parsable -p firm -- sleep 1000)
wait_for 10 "a job starts" state_is "$next" running
is "$(field "$next" '.allocation.nodes[0].name')" firm-n2 "on the other node"
gang=$(submit --parsable -p firm -N 2 -- true)
runs 0 "a job that needs both asks why" muster why "$gang"
like "$T/out" "needs 2 nodes and 1 takes work; firm-n1 is drained by $(id -un) \\(a fan is loud\\)" "and hears of it"
muster cancel "$gang" >/dev/null
muster events >events.out
like events.out "node_drained node=firm-n1 by=" "events name the node"
held=$(submit --parsable --hold --tier=low-priority -- true)
runs 0 "the tier of a waiting job is changed" muster update "$held" --tier dedicated
is "$(field "$held" .choice.tiers)" dedicated "as it was told to"
muster cancel "$held" >/dev/null
waits=$(submit --parsable -p firm -- true)
runs 0 "the drained node is resumed" muster resume firm-n1
runs 0 "and takes work again" muster wait "$waits"
done_testing
