#!/bin/sh
# Steps on two nodes while ranks, launchers and agents are killed at random moments: each job has a final state that is
# true, and of all launches nothing is left. JOBS=334 makes it a thousand launches.
. "$(dirname "$0")/lib.sh"

JOBS=${JOBS:-40}
SEED=${SEED:-$(date +%s)}
note "SEED=$SEED, $((3 * JOBS)) launches"

cluster_up --nodes 2 --cpus-per-node 4

# A job says that it is through once both ranks were.
cat >job.sh <<'END'
#!/bin/sh
muster run -N 2 -n 2 sh -c 'seq 500000 >/dev/null; echo "$MUSTER_JOB_ID" >>"$T/ranks"' || exit
echo "$MUSTER_JOB_ID" >>"$T/through"
END
export T MUSTER_DIR
: >ranks
: >through

# Rolls dice for each launcher that it sees, at a random moment of its life: itself, a rank of it, or now and then its agent
# is killed. One line a kill.
cat >killer.pl <<'END'
use strict;
use Time::HiRes qw(time);
srand $ENV{SEED};
sub text { open(my $file, '<', $_[0]) or return ''; local $/; my $text = <$file>; return $text // '' }
sub children { my $pid = shift; return split ' ', text("/proc/$pid/task/$pid/children") }
sub victim {
  my ($agent, $launcher) = @_;
  my $roll = rand;
  return $launcher if $roll < 0.2;
  return $agent if $roll < 0.23;
  my @ranks = children($launcher);
  return $roll < 0.45 && @ranks ? $ranks[rand @ranks] : undef;
}
my %due;
$| = 1;
until (-e "$ENV{T}/enough") {
  for my $agent (map { text($_) =~ /(\d+)/ } glob "$ENV{MUSTER_DIR}/nodes/n?/agent.lock") {
    for my $launcher (children($agent)) {
      $due{$launcher} //= time + rand 0.2;
      next if $due{$launcher} eq 'done' || $due{$launcher} > time;
      $due{$launcher} = 'done';
      my $victim = victim($agent, $launcher);
      print "$victim\n" if defined $victim && kill 'KILL', $victim;
    }
  }
  select undef, undef, undef, 0.01;
}
END

submit_all() {
  for _ in $(seq "$JOBS"); do
    submit --parsable --output /dev/null -N 2 -n 2 job.sh || echo failed
  done
}
all_ended() { [ "$(muster jobs --state all --json | jq '[.jobs[] | select(.ended_at | not)] | length')" = 0 ]; }

SEED=$SEED perl killer.pl >kills &
killer=$!
submit_all >ids 2>submit.err
is "$(sort -n ids | uniq | grep -c '^[0-9]*$')" "$JOBS" "each submission gave a job"
# shellcheck disable=SC2046 # one word a job
timeout 250 muster wait $(cat ids) >waited 2>&1
wait_for 20 "all jobs end while the killing goes on" all_ended
touch enough
wait "$killer"
note "$(wc -l <kills) kills"
is "$([ "$(wc -l <kills)" -ge 5 ] && echo yes)" yes "there were some kills"

muster jobs --state all --json >jobs.json
jq -r '.jobs[] | select(.state == "completed") | .job' jobs.json | sort >completed
jq -r '.jobs[] | select(.outcome.failure.cause == "launcher_lost") | .job' jobs.json | sort >launcherless
sort -u through >ended
is "$(comm -13 ended completed)" "" "a job is completed only if its script came to its end"
is "$(comm -23 ended completed | comm -23 - launcherless)" "" \
  "and if it did, unless its launcher was killed before it could say so"
is "$(jq -r '.jobs[] | select(.state != "completed" and .state != "failed") | "\(.job) \(.state)"' jobs.json)" "" \
  "every other has failed"
is "$(jq -r '.jobs[] | select(.state == "failed" and .outcome.failure.cause == null) | .job' jobs.json)" "" \
  "with its cause"
note "$(jq -r '.jobs[] | select(.state == "failed") | .outcome.failure.cause' jobs.json | sort | uniq -c | tr '\n' ';')"
runs 0 "the cluster takes new jobs" submit --wait --output /dev/null -N 2 -n 2 job.sh

runs 0 "down" muster down
wait_for 20 "no process is left" no_cluster_processes
is "$(find "$MUSTER_DIR/run" -name '*.sock' 2>/dev/null)" "" "no socket"
is "$(cat "$MUSTER_DIR"/nodes/n?/launches/*/session_dir | sort -u | xargs ls -d 2>/dev/null)" "" "no folder in memory"
is "$(find /sys/fs/cgroup -type d -path "*muster*" -newer up 2>/dev/null | head -n 3)" "" "no control group"
done_testing
