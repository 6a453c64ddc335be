#!/bin/sh
# Limits keep jobs from starting, say who holds what, and give back to a workspace what it lent.
. "$(dirname "$0")/lib.sh"

mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<'END'
[[pool]]
name = "default"
nodes = 1
cpus_per_node = 4

[[quota]]
user = "*"
running_jobs = 3
queued_jobs = 2

[[quota]]
workspace = "small"
cores = 1

[[quota]]
workspace = "owner"
cores = 3
lend = true

[[quota]]
workspace = "guest"
cores = 1
borrow = true
END
runs 0 "the configuration makes sense" muster config check "$MUSTER_DIR/muster.toml"
cluster_up

runs 1 "a request that its quota can never allow is refused" submit -A small -n 2 -- true
like "$T/err" "the quota of workspace small is 1 core, and the job asks for 2" "with the limit"
like "$T/err" "--ntasks=1" "and the nearest that could run"

first=$(submit --parsable -A small -t 5 -- sleep 1000)
wait_for 20 "a job within the quota runs" state_is "$first" running
second=$(submit --parsable -A small -- true)
wait_for 20 "another one waits for the quota" sh -c "[ \"\$(muster show $second --json | jq -r .reason.kind)\" = quota ]"
runs 0 "muster why says so" muster why "$second"
like "$T/out" "the quota of workspace small is 1 core: 1 used, 1 asked for; in use by job $first; enough is free by" \
  "with numbers, who holds it, and when it is free"
runs 0 "so does a question before the submission" submit --test-only -A small -- true
like "$T/out" "In its way: the quota of workspace small is 1 core" "naming the limit"
runs 0 "others go past it" submit --wait -A other -n 3 -- true
muster cancel "$first" >/dev/null
runs 0 "it runs when the holder has ended" muster wait "$second"

submit --hold -- true >/dev/null
submit --hold -- true >/dev/null
runs 1 "when as many wait as may, the next one is refused" submit -- true
like "$T/err" "2 jobs wait already, and the quota of user .* is 2 waiting jobs" "naming the quota"
runs 0 "the others can be cancelled" sh -c "muster jobs --json | jq -r '.jobs[] | select(.state == \"waiting\").job' | xargs muster cancel"

guest=$(submit --parsable -A guest --class=low -n 4 -t 60 -- sleep 1000)
wait_for 20 "a guest uses what is lent" state_is "$guest" running
runs 0 "muster quota shows it" muster quota
like "$T/out" "^workspace owner +cores +0 +3 +3" "at the lender"
like "$T/out" "^workspace guest +cores +4 +1 +3" "and at the borrower"
is "$(muster quota --json | jq -r '.quotas[] | select(.whose == "workspace guest").borrowed')" 3 "for programs, too"
runs 2 "it takes no operand" muster quota 17
own=$(submit --parsable -A owner --class=low -n 3 -t 5 -- sleep 1000)
wait_for 30 "the owner gets it back" state_is "$own" running
is "$(field "$guest" '.earlier[0].why.cause')" preempted "from the guest, which waits again"
muster cancel "$own" "$guest" >/dev/null

cat >wrong.toml <<'END'
[[pool]]
name = "default"
cpus_per_node = 1
[[quota]]
pool = "gpu"
cores = 1
END
runs 1 "a quota of a pool that is not there is told" muster config check wrong.toml
like "$T/err" "wrong.toml: line 5: 'quota.pool': there is no pool 'gpu'" "with its line"

done_testing
