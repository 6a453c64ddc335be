#!/bin/sh
# A job file in TOML, with roles whose ranks have cores of their own.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 5

cat >sized.toml <<'END'
name = "sized"
nodes = 2
time = "1m"
output = "sized.out"

[env]
GREETING = "hello"

[[role]]
name = "ps"
count = 2
cores = 1
command = 'exec sleep 1000'

[[role]]
name = "worker"
count = 4
cores = 2
command = 'echo "$GREETING $MUSTER_ROLE_INDEX has $MUSTER_CPUS_PER_TASK on $MUSTER_NODE"'
END
runs 0 "a job file is submitted" submit --wait sized.toml
is "$(sort sized.out | tr '\n' ';')" "hello 0 has 2 on n1;hello 1 has 2 on n1;hello 2 has 2 on n2;hello 3 has 2 on n2;" \
  "each worker has the cores of its role, and the file's environment"
is "$(field 1 .name) $(field 1 .allocation.nodes[0].cores) $(field 1 .allocation.nodes[1].cores)" "sized 0-4 0-4" \
  "each node gives what the fullest needs"

cat >map.toml <<'END'
output = "map.out"
script = '''
#!/bin/sh
#SUBMIT --nodes=2
muster run --map | tee map.seen
muster run --role worker:2:cores=6 true
'''
role = ["ps:2:cores=1", "worker:2:cores=4"]
END
runs 1 "a step asks for more than the job has" submit --wait --name mapped map.toml
is "$(awk 'NR > 1 { print $1, $2, $6, $7 }' map.seen | tr '\n' ';')" "0 n1 ps 0;1 n1 worker 0;2 n2 ps 1;3 n2 worker 1;" \
  "the ranks of roles have their nodes"
like map.out "the roles need 6 cores for 1 rank on n1, and the job has 5 there" "which is refused with both numbers"

runs 0 "it can be asked where each option was said" submit --explain --time 5 sized.toml
like out "^--time +5 +command line$" "on the command line"
like out "^--nodes +2 +sized.toml:2:9$" "or in which line of the file"
like out "asks for 2 tasks with 5 cores each on 2 nodes" "and what they make"

runs 0 "the example" submit --wait -o example.out "$ROOT/examples/parameter-server/job.toml" --epochs 20
like example.out "^accuracy 0\.[89]" "learns the digits"

sed 's/"1m"/"1x"/' sized.toml >wrong.toml
runs 1 "a wrong value" submit wrong.toml
like err "wrong.toml:3:8: time: .*1x" "is refused with its place"
sed 's/^cores/croes/' sized.toml >wrong.toml
runs 1 "a misspelt key" submit wrong.toml
like err "wrong.toml:12:1: role: unknown key 'croes'; did you mean 'cores'" "is refused with the nearest"
runs 1 "less than the roles need" submit -n 4 sized.toml
like err "[-]-ntasks is 4, and the roles have 6 ranks" "is refused with both numbers"
done_testing
