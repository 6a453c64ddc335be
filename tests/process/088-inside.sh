#!/bin/sh
# Commands in a running job, and its ports from outside: muster exec and muster forward. 065 has muster shell.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

# An HTTP server on loopback: GET /N answers with N bytes.
cat >server.pl <<'END'
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 50, ReuseAddr => 1) or die "no port: $!";
open(my $file, '>', 'port.new'); print $file $server->sockport; close $file; rename 'port.new', 'port';
$SIG{CHLD} = 'IGNORE';
while (my $client = $server->accept) {
  next if fork;
  my $line = <$client>;
  while (<$client> =~ /\S/) { }
  my $n = $line =~ m{^GET /(\d+)} ? $1 : 0;
  print $client "HTTP/1.0 200 OK\r\nContent-Length: $n\r\n\r\n", 'x' x $n;
  close $client; exit;
}
END
cat >job.sh <<'END'
#!/bin/sh
env | sort >script.env
nproc >script.nproc
exec perl server.pl
END
mkdir -p elsewhere
muster_here=$PWD
runs 0 "a job on two nodes" submit --parsable -N 2 --ntasks-per-node 1 --cpus-per-task 2 -o job.out job.sh
wait_for 20 "it serves a port" test -s port

runs 0 "a command in it" muster exec 1 -- sh -c 'echo "$MUSTER_JOB_ID $MUSTER_NODE $PWD"; nproc'
is "$(cat out)" "1 n1 $muster_here
$(cat script.nproc)" "has its node, folder and cores"
runs 0 "its environment" muster exec 1 env
sort out | grep -v -e '^MUSTER_LAUNCH_ID=' -e '^_=' >exec.env
grep -v -e '^MUSTER_LAUNCH_ID=' -e '^_=' -e '^MUSTER_CHECKPOINT_FILE=' -e '^SHLVL=' -e '^MUSTER_HOSTFILE=' \
  -e '^AZ_BATCHAI_MPI_HOST_FILE=' -e '^OMPI_MCA_' -e '^PRTE_MCA_' -e '^HYDRA_' -e '^I_MPI_HYDRA_' -e '^MASTER_' \
  -e '^MUSTER_ADDED=' -e '^OLDPWD=' -e '^PWD=' script.env >script.some
is "$(comm -23 script.some exec.env)" "" "is that of the script"
is "$(grep -c -e '^PMI_' -e '^OMPI_COMM_' -e '^RANK=' exec.env)" 0 "and it is no rank"
runs 0 "in another folder" muster exec -D elsewhere 1 pwd
is "$(cat out)" "$muster_here/elsewhere" "which is of here"
runs 7 "exits with the code of the command" muster exec 1 -- sh -c 'exit 7'
runs 137 "or of the signal" muster exec 1 -- sh -c 'kill -KILL $$'
printf 'one\ntwo' | muster exec last -- cat >piped
is "$(cat piped)" "one
two" "standard input goes there"
runs 0 "on another node" muster exec 1.n2 -- sh -c 'echo $MUSTER_NODE'
is "$(cat out)" n2 "that it names"

runs 1 "not on a node of others" muster exec 1.n9 true
like err "n9" "which is named"
runs 2 "not without a command" muster exec 1
runs 2 "nor with an empty node" muster exec 1. true
runs 1 "not in a job that is not there" muster exec 99 true
runs 0 "a job that waits" submit --hold -- true
runs 1 "has no inside" muster exec 2 true
like err "job 2 has not started yet; muster why 2" "as is said"
runs 1 "a shell needs a terminal" muster shell 1

port=$(cat port)
forwards() { muster forward 1 "0:$port" "0:1" >forward.out 2>forward.err & }
forwards
forward=$!
wait_for 20 "a port of here leads there" grep -q "leads to port $port of job 1" forward.err
here=$(sed -n "s|^muster forward: 127.0.0.1:\([0-9]*\) leads to port $port of.*|\1|p" forward.err)
runs 0 "its server answers" curl -sS "http://127.0.0.1:$here/11"
is "$(cat out)" xxxxxxxxxxx "with what it has"
for i in 1 2 3 4; do
  curl -sS -o "big.$i" "http://127.0.0.1:$here/3000000" &
  echo $! >"curl.$i"
done
for i in 1 2 3 4; do wait "$(cat "curl.$i")"; done
is "$(cat big.1 big.2 big.3 big.4 | wc -c)" 12000000 "many at once, each whole"
shut=$(sed -n "s|^muster forward: 127.0.0.1:\([0-9]*\) leads to port 1 of.*|\1|p" forward.err)
curl -sS "http://127.0.0.1:$shut/" >out 2>&1
is "$(($? == 52 || $? == 56))" 1 "where nothing listens the connection is closed"
like forward.err "nothing of the job listens at port 1 of 127.0.0.1 or ::1 there" "with the reason"
kill -INT "$forward"
code=0
wait "$forward" || code=$?
is "$code" 0 "interrupted, it ends well"
runs 7 "and the port is closed" curl -sS "http://127.0.0.1:$here/11"

runs 2 "a port is a number" muster forward 1 http
runs 2 "and there" muster forward 1 70000
forwards
forward=$!
wait_for 20 "once more" grep -q "leads to port $port" forward.err
runs 1 "a port of here that is taken" muster forward 1 "$(sed -n "s|^muster forward: 127.0.0.1:\([0-9]*\) .*|\1|p" forward.err | head -n 1):$port"
like err "cannot listen at port" "is named"
muster cancel 1
code=0
wait "$forward" || code=$?
is "$code" 1 "it ends with the job"
done_testing
