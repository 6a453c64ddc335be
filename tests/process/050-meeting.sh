#!/bin/sh
# Ranks that know each other by MASTER_ADDR and MASTER_PORT alone find each other, PyTorch's too.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

# Rank 0 listens, the others say their number; it prints the sum of all.
cat >meet.pl <<'EOF'
use IO::Socket::INET;
my %at = (PeerAddr => $ENV{MASTER_ADDR}, PeerPort => $ENV{MASTER_PORT});
if ($ENV{RANK} == 0) {
  my $door = IO::Socket::INET->new(LocalAddr => $ENV{MASTER_ADDR}, LocalPort => $ENV{MASTER_PORT}, Listen => 8) or die "listen: $@";
  my $sum = 0;
  for (2 .. $ENV{WORLD_SIZE}) { my $line = $door->accept; $sum += <$line>; }
  print "sum $sum\n";
} else {
  my $line;
  for (1 .. 500) { last if $line = IO::Socket::INET->new(%at); select undef, undef, undef, 0.02; }
  die "connect: $@" unless $line;
  print $line "$ENV{RANK}\n";
}
EOF
runs 0 "ranks on two nodes meet" submit -N 2 -n 4 -o job.out --wait --wrap "muster run perl $T/meet.pl"
is "$(cat job.out)" "sum 6" "all of them"

printf '%s\n' '#!/bin/sh' 'echo $MASTER_PORT >>"$T/ports"; test $MUSTER_ATTEMPT -gt 1' >ports.sh
export T
runs 0 "a job starts again" submit --wait --restart 'on=exit:1 max=1 backoff=0s' ports.sh
is "$(sort -u ports | wc -l)" 2 "with another port"

if ! /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  ok "PyTorch meets # SKIP python3-torch is not installed"
  done_testing
fi
export PYTHON=/usr/bin/python3 TORCH_EXAMPLE="$ROOT/examples/torch"
DEADLINE=200 runs 0 "PyTorch learns" submit -o torch.out --wait "$TORCH_EXAMPLE/train.sh"
is "$(grep -o 'rank [0-3] of 4 on cpu' torch.out | sort -u | wc -l)" 4 "in four ranks"
case $(tail -n 1 torch.out) in
  "accuracy 0.9"[3-9]*) ok "and recognises held-out digits" ;;
  *) not_ok "and recognises held-out digits" "$(cat torch.out)" ;;
esac

# The first attempt leaves a file where it would have met: the second must not take it for its own.
cat >file.sh <<'EOF'
#!/bin/sh
muster run sh -c 'test "$MUSTER_ATTEMPT" -gt 1 || { echo stale >"$MUSTER_RENDEZVOUS_FILE"; exit 75; }
  exec "$PYTHON" "$TORCH_EXAMPLE/train.py" --init file --epochs 2'
EOF
DEADLINE=200 runs 0 "it learns when it meets by a file" \
  submit -N 2 -n 2 -o file.out --wait --restart 'on=exit:75 max=1 backoff=0s' file.sh
is "$(grep -c '^rank [01] of 2' file.out)" 2 "in both ranks of the second attempt"
is "$(find . -name '.muster-rendezvous*' | wc -l)" 0 "and no such file is left"
done_testing
