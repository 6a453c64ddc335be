#!/bin/sh
# The programs for clouds in scripts/providers beside fakes of the clouds' tools, which check each call.
. "$(dirname "$0")/../process/lib.sh"

FAKE=$T/cloud
PATH=$ROOT/tests/providers/fake:$PATH
export FAKE PATH
mkdir -p "$FAKE/machines" "$FAKE/tokens" "$FAKE/nics" "$T/tmp"

order() {
  jq -cn --arg name "$1" --argjson options "$options" '{name: $name, cluster: "here-1", pool: "cloud", tier: "low-priority", cpus: 4,
    memory_mib: 8192, gpus: 0, gpu_kind: "", features: [], controller: "tls:head:7443", token: ("TOKEN-OF-" + $name),
    agent: "/usr/bin/muster-agent", start_timeout_s: 600, birth: "1700000000000000", options: $options}'
}
reference() {
  jq -cn --arg name "$1" --argjson options "$options" '{name: $name, cluster: "here-1", pool: "cloud", id: "", options: $options}'
}
# call VERB NAME...: the answers, in order, are in the file "answers".
call() {
  verb=$1
  shift
  for each; do
    if [ "$verb" = create ]; then order "$each"; else reference "$each"; fi
  done | "$ROOT/scripts/providers/$adapter" "$verb" >answers.raw 2>stderr
  status=$?
  sort answers.raw >answers
}
answers() { jq -r "$1" answers | tr '\n' ' '; }
mode() { echo "$1" >"$FAKE/mode"; }

# fails_as MODE CAPACITY PATTERN
fails_as() {
  mode "$1"
  call create cloud-5
  is "$(answers .capacity)" "$2 " "$adapter: $1: is there room for it?"
  like answers "$3" "$adapter: $1: with the tool's own words"
  mode fine
  call list ""
  is "$(grep -c cloud-5 answers)" 0 "$adapter: $1: nothing is left"
  call destroy cloud-5
  is "$(answers .ended) $(find "$FAKE/nics" -name "*cloud-5*" | wc -l)" "true  0" "$adapter: $1: when it is ended, nor of its parts"
}

# A TERM in the middle of a call, after which the token must lie nowhere.
hangs() {
  mode hangs
  order cloud-6 | TMPDIR=$T/tmp setsid "$ROOT/scripts/providers/$adapter" create >answers.raw 2>stderr &
  adapter_pid=$!
  has_called() { grep -q hangs "$FAKE/calls"; }
  wait_for 10 "$adapter: a call hangs" has_called
  kill -TERM "-$adapter_pid"
  is_clean() { [ -z "$(ls "$T/tmp")" ]; }
  wait_for 5 "$adapter: a TERM leaves no file behind" is_clean
  mode fine
}

try() {
  adapter=$1
  options=$2
  mode fine
  call list ""
  is "$status $(wc -l <answers)" "0 0" "$adapter: at first nothing is there"
  call create cloud-1 cloud-2 cloud-3
  is "$status $(answers .made)" "0 true true true " "$adapter: machines are made"
  call create cloud-2
  is "$(answers .made) $(find "$FAKE/machines" -type f | wc -l)" "true  3" "$adapter: each once, however often it is asked for"
  call list ""
  is "$status $(answers .name)" "0 cloud-1 cloud-2 cloud-3 " "$adapter: they are listed, and nobody else's"
  is "$(answers .id | wc -w)" 3 "$adapter: with ids"
  call destroy cloud-1 cloud-3 cloud-9
  is "$status $(answers .ended)" "0 true true true " "$adapter: they are ended, and one that is not there is"
  call list ""
  is "$(answers .name)" "cloud-2 " "$adapter: the others stay"
  fails_as full true "$3"
  fails_as quota true "$4"
  fails_as throttled null "$5"
  mode denied
  call list ""
  is "$status $(wc -l <answers)" "1 0" "$adapter: a list that is not whole is none"
  like stderr "uthor|authentication" "$adapter: with the reason"
  call destroy cloud-2
  is "$(answers .ended)" "null " "$adapter: nor is a machine ended then"
  mode fine
  call destroy cloud-2
  hangs
  options='{}'
  call create cloud-1
  like answers "\\[pool.options\\] of pool 'cloud' in muster.toml has no '" "$adapter: options that are missing are named"
  call watch
  is "$status" 64 "$adapter: it has no watch"
  is "$(cat "$FAKE/bad" 2>/dev/null)" "" "$adapter: no call was wrong"
  unlike "$FAKE/calls" TOKEN-OF "$adapter: no token is in an argument"
  rm -f "$FAKE/bad" "$FAKE/calls"
}

# Of aws: machines that the cloud's list does not show yet, and two of one name.
once() {
  adapter=aws
  options=$1
  mode behind
  call create cloud-8
  call create cloud-8
  is "$(answers .made) $(find "$FAKE/machines" -type f | wc -l)" "true  1" "aws: a create that comes again makes no second machine"
  mode fine
  echo cloud-8 >"$FAKE/machines/i-0twin"
  call list ""
  is "$(answers .birth | wc -w) $(answers .name)" "2 cloud-8 cloud-8 " "aws: of two machines the list has both, with their births"
  reference cloud-8 | jq -c '.id = "i-0twin" | .extra = true' | "$ROOT/scripts/providers/aws" destroy >answers
  is "$(answers .ended) $(ls "$FAKE/machines")" "true  i-0cloud-80" "aws: of two the extra one is ended"
}

try aws '{"image":"ami-1","type":"c7i.large","region":"eu-central-1","subnet":"subnet-1"}' \
  InsufficientInstanceCapacity VcpuLimitExceeded RequestLimitExceeded
once '{"image":"ami-1","type":"c7i.large","region":"eu-central-1","subnet":"subnet-1"}'
rm -rf "$FAKE/machines" && mkdir "$FAKE/machines"
try azure '{"resource_group":"hpc","image":"Debian12Muster","size":"Standard_D4s_v5","vnet":"net-1","subnet":"subnet-1"}' \
  SkuNotAvailable QuotaExceeded "too many requests"
try openstack '{"cloud":"mycloud","image":"debian-12-muster","flavor":"m1.large","network":"private"}' \
  "No valid host was found" "Quota exceeded" "rate-limited"
done_testing
