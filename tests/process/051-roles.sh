#!/bin/sh
# Roles: parameter servers and workers, or any others; who knows whom, and when the step ends.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 4

# A server serves until it is told to end; workers reach every server at its address.
cat >serve.pl <<'EOF'
use IO::Socket::INET;
$SIG{TERM} = sub { print "told to end\n"; exit 0 };
my $door = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => (split /:/, $ENV{MUSTER_ADDRESS})[1],
                                 Listen => 8) or die "listen: $@";
while (my $line = $door->accept) { print $line "server $ENV{MUSTER_ROLE_INDEX}\n"; close $line; }
EOF
cat >work.pl <<'EOF'
use IO::Socket::INET;
for my $host (split /,/, $ENV{MUSTER_HOSTS_PS}) {
  my $line;
  for (1 .. 500) { last if $line = IO::Socket::INET->new(PeerAddr => $host); select undef, undef, undef, 0.02; }
  die "connect to $host: $@" unless $line;
  print "worker $ENV{MUSTER_ROLE_INDEX} of $ENV{MUSTER_ROLE_SIZE} found " . <$line>;
}
EOF
export T
cat >program <<'EOF'
#!/bin/sh
case $MUSTER_ROLE in ps) exec perl "$T/serve.pl" ;; worker) exec perl "$T/work.pl" ;; esac
EOF
chmod +x program

runs 0 "a command is started as servers and workers" \
  submit -N 2 -o ps.out --wait --mode ps --ps 2 --workers 4 -- "$T/program"
is "$(grep -c '^worker [0-3] of 4 found server [01]$' ps.out)" 8 "each worker reached each server"
is "$(grep -c 'told to end' ps.out)" 2 "the servers were ended after them"
is "$(field 1 .outcome.ending)" completed "which is a success"

cat >map.sh <<'EOF'
#!/bin/sh
#SUBMIT --nodes=2
#SUBMIT --role=ps:1:per-node
#SUBMIT --role=worker:4
muster run --map
muster run -n 3 --map | sed 's/^/equal: /'
muster run --mode=allreduce -n 2 --map | sed 's/^/allreduce: /'
EOF
runs 0 "a script's roles" submit -o map.out --wait map.sh
cp map.out map.seen
is "$(grep -v ': ' map.out | awk 'NR > 1 { print $1, $2, $6, $7 }' | tr '\n' ';')" \
  "0 n1 ps 0;1 n1 worker 0;2 n1 worker 1;3 n2 ps 1;4 n2 worker 2;5 n2 worker 3;" "are spread over its nodes"
is "$(grep -c ': .*\(ps\|worker\) ' map.out)" 0 "and hold for the steps that name no ranks of their own"

sed -n '/^RANK/,/^ *5/p' map.seen >map.wanted
runs 0 "where ranks ran can be seen later" muster show --map --step 0 2
is "$(cat out)" "$(cat map.wanted)" "as it was printed"
runs 0 "of the last step too" muster show --map 2
is "$(awk 'NR > 1' out | wc -l)" 2 "with all its ranks"
runs 2 "not as JSON" muster show --map --json 2
like err "no JSON" "which is said"
runs 1 "and not of a step that is not there" muster show --map --step 7 2
like err "no step 7" "which is said"

runs 0 "roles with commands need no program" submit -N 2 -o own.out --wait \
  --role 'ps:1=exec perl $T/serve.pl' --role 'worker:2=exec perl $T/work.pl' --role 'cache:1:serves=exec sleep 1000'
is "$(grep -c 'found server 0' own.out)" 2 "and each runs its own"

# Servers are ended with the last worker: workers wait until each has said what it has.
cores_of_role='echo "$MUSTER_ROLE has $MUSTER_CPUS_PER_TASK on $MUSTER_NODE"
  if test $MUSTER_ROLE = ps; then touch served.$MUSTER_NODE; exec sleep 1000; fi
  until test -e served.n1 && test -e served.n2; do :; done'
runs 0 "roles have cores of their own" submit -N 2 -o sized.out --wait --mode ps --ps 2:cores=1 --workers 2:cores=3 -- \
  sh -c "$cores_of_role"
is "$(sort sized.out | tr '\n' ';')" "ps has 1 on n1;ps has 1 on n2;worker has 3 on n1;worker has 3 on n2;" \
  "and the job asks for all of them"
runs 1 "roles that no node has room for" submit -o sized.out --role worker:1:cores=3 --role ps:2:cores=1 --wrap true
like err "5 cores" "are refused with what they need"

runs 0 "what TensorFlow and Batch AI read" submit -N 1 -o env.out --wait --mode ps --workers 1 -- \
  sh -c 'test $MUSTER_ROLE = ps || { echo "$TF_CONFIG"; echo "$AZ_BATCHAI_PS_HOSTS $AZ_BATCHAI_WORKER_HOSTS $AZ_BATCHAI_TASK_INDEX"; }
         test $MUSTER_ROLE = worker || exec sleep 1000'
case $(head -n 1 env.out) in
  '{"cluster": {"ps": ["127.0.0.1:'*'"], "worker": ["127.0.0.1:'*'"]}, "task": {"type": "worker", "index": 0}, "environment": "cloud"}')
    ok "is TF_CONFIG" ;;
  *) not_ok "is TF_CONFIG" "$(cat env.out)" ;;
esac
case $(tail -n 1 env.out) in
  127.0.0.1:*' '127.0.0.1:*' 0') ok "and AZ_BATCHAI_*" ;;
  *) not_ok "and AZ_BATCHAI_*" "$(cat env.out)" ;;
esac

runs 7 "a server that fails ends the step" submit -N 1 -o bad.out --wait --role ps:1='exit 7' --role worker:1='exec sleep 1000'
runs 3 "and a worker that fails" submit -N 1 -o bad.out --wait --role ps:1='exec sleep 1000' --role worker:1='exit 3'
runs 0 "but not one that falls over the end of its workers" submit -N 1 -o fall.out --wait \
  --role ps:1='until test -e $T/gone; do :; done; exit 9' --role worker:1='touch $T/gone'

runs 1 "a role without a number" submit --role worker --wrap true
like err "such as worker:4" "is refused with how it is written"
runs 1 "only roles that serve" submit --role ps:1 --wrap true
like err "worker:1" "are refused with what is missing"
runs 1 "memory that the roles do not fit into" submit --mem 1G --role worker:2:memory=1G --wrap true
like err "[-]-mem is 1G, and the roles need 2G" "is refused with both numbers"
runs 1 "a mode without workers" submit --mode ps --wrap true
like err "[(]--workers[)]" "is refused by name"
runs 1 "ranks that do not fit the roles" submit -n 5 --mode ps --workers 1 --wrap true
like err "2 ranks" "are refused with the right number"
done_testing
