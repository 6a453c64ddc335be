#!/bin/sh
# muster simulate against schedules and figures that others published (see tests/traces/README.md).
. "$(dirname "$0")/lib.sh"

DEADLINE=240  # conservative backfilling of the longest backlog
TRACES=$ROOT/../shared/data/traces
[ -d "$TRACES" ] || skip_all "the logs of published schedules are not here: $TRACES"

# waits LOG: the wait of each job that counts, by its number, from a log or schedule.
waits() {
  case $1 in *.gz) zcat "$1" ;; *) cat "$1" ;; esac |
    awk '!/^;/ && $4 > 0 { printf "%d %d\n", $1, $3 }' | sort -n
}

# same_schedule LOG MACHINE OPTION...: every job waits as long as it does in the log.
same_schedule() {
  log=$1
  machine=$2
  shift 2
  runs 0 "$log is replayed: $*" muster simulate "$TRACES/$log" --machine "$machine" --event-order pyss \
    --schedule schedule "$@"
  waits "$TRACES/$log" >expected
  waits schedule >found
  is "$(join expected found | awk '$2 == $3' | wc -l)" "$(wc -l <found)" \
    "all $(wc -l <found) jobs of $log wait as long as there"
}

# figures LOG MACHINE "MEAN BSLD" OPTION...: the mean wait and bounded slowdown, as the table prints them.
figures() {
  log=$1
  machine=$2
  expected=$3
  shift 3
  runs 0 "$log is replayed: $*" muster simulate "$TRACES/$log" --machine "$machine" --json "$@"
  is "$(jq -r '.[0] | "\(.wait_mean_s) \(.ave_bsld)"' out | awk '{ printf "%.1f %.3f", $1, $2 }')" \
    "$expected" "mean wait and bounded slowdown of $log: $*"
}

same_schedule KTH-SP2.easy.swf.gz 100
same_schedule SDSC-SP2.easy.swf.gz 128
same_schedule KTH-SP2.easy-act.swf.gz 100 --estimates actual
same_schedule KTH-SP2.sjbf-act.swf.gz 100 --estimates actual --backfill-order sjf

kth=KTH-SP2.easy.swf.gz
figures $kth 100 "6834.6 92.688"
figures $kth 100 "6327.7 71.722" --estimates actual
figures $kth 100 "5435.8 49.847" --estimates actual --backfill-order sjf
figures $kth 100 "5903.7 69.394" --backfill-order sjf
figures $kth 100 "5069.4 50.895" --policy lxf
figures $kth 100 "5157.3 54.328" --policy wfp3
figures $kth 100 "7936.2 101.827" --backfill conservative
figures $kth 100 "5904.1 69.405" --event-order pyss --backfill-order sjf

sdsc=SDSC-SP2.easy.swf.gz
figures $sdsc 128 "20570.9 87.806"
figures $sdsc 128 "17337.1 70.478" --estimates actual
figures $sdsc 128 "16307.1 56.836" --estimates actual --backfill-order sjf
figures $sdsc 128 "20419.7 82.996" --backfill-order sjf
figures $sdsc 128 "17367.3 53.463" --policy lxf
figures $sdsc 128 "16478.6 51.738" --policy wfp3
figures $sdsc 128 "24358.8 101.991" --backfill conservative

figures lublin_256.swf 256 "97156.0 590.054" --filter none
figures lublin_256.swf 256 "73394.4 219.558" --filter none --backfill-order sjf
figures lublin_256.swf 256 "55987.8 102.410" --filter none --policy lxf
figures lublin_256.swf 256 "61096.0 117.032" --filter none --policy wfp3
figures lublin_256.swf 256 "131567.5 489.201" --filter none --backfill conservative

done_testing
