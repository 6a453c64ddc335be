#!/bin/sh
# mpirun and mpiexec inside a job start ranks on exactly its nodes and cores, of Open MPI and of MPICH.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

# in_job NAME STATUS COMMAND: a job of two nodes with two tasks each runs the line; output in job.out.
in_job() {
  runs "$2" "$1" submit -N 2 -n 4 -o job.out --wait --wrap "$3"
}

printf '%s\n' 'echo $MUSTER_RANK $MUSTER_NODE $A $(sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status)' >where.sh
in_job "ranks run under muster run" 0 "muster run sh where.sh"
sort job.out >under_run
for starter in mpirun mpiexec mpiexec.hydra; do
  in_job "$starter without a number starts the job's tasks" 0 "$starter sh where.sh"
  is "$(sort job.out)" "$(cat under_run)" "on the same nodes and cores"
done
in_job "a number and a variable are taken" 0 "mpirun -np 2 -x A=five sh where.sh"
is "$(grep -c ' five ' job.out)" 2 "by each rank"
in_job "a variable that is not set is no mistake" 0 "mpirun -n 1 -x NOT_THERE true"
like job.out "^mpirun: NOT_THERE is not set here, so the ranks do not have it" "but said"
in_job "a list of hosts is not needed" 0 "mpirun --hostfile nowhere -n 1 true"
like job.out "^mpirun: --hostfile is not used: ranks start on the nodes of the job" "and it is said that it is not read"
in_job "more ranks than cores are refused" 1 "mpirun -n 5 true"
like job.out "at most 4 would" "with what would fit"
in_job "what nothing stands for is refused" 2 "mpirun --tune file true"
like job.out "nothing stands for the option '--tune'" "by name"
in_job "the exit code of a rank comes through" 7 "mpirun sh -c 'exit 7'"
in_job "each says what it takes" 0 "mpirun --help"
like job.out "^  -n, -np, -c COUNT" "with all spellings"
in_job "and whose it is" 0 "mpiexec --version"
like job.out "^mpiexec of muster [0-9]" "with the version"

programs=${MUSTER_BIN:-$ROOT/build/bin}
for starter in "$programs"/mpi/*; do
  is "$("$starter" --version | cut -d ' ' -f 1-3)" "${starter##*/} of muster" "${starter##*/} is known by its name"
done
for library in mpi mpich; do
  [ -x "$programs/${library}_program" ] || continue
  in_job "mpirun starts a program of $library" 0 "mpirun -n 4 $programs/${library}_program hello"
  is "$(grep -c 'of 4' job.out)" 4 "and its ranks make one world"
  in_job "mpiexec starts one of $library" 0 "mpiexec -n 2 $programs/${library}_program hello"
  is "$(grep -c 'of 2' job.out)" 2 "and its ranks too"
done

# Called by their own paths they start their daemons on the job's nodes with muster-rsh.
for pair in /usr/bin/mpirun.openmpi:mpi /usr/bin/mpiexec.hydra:mpich; do
  starter=${pair%%:*} program=$programs/${pair##*:}_program
  [ -x "$starter" ] && [ -x "$program" ] || continue
  case $pair in *openmpi*) as_root=--allow-run-as-root ;; *) as_root= ;; esac
  in_job "$starter starts all tasks of the job" 0 "$starter $as_root $program ring"
  is "$(grep -c "of 4" job.out)" 4 "in one world"
  id=$(muster jobs --json -a | jq -r '[.jobs[].job | tonumber] | max')
  is "$(muster show --json "$id" | jq -c '[.steps[].tasks] | sort')" "[[0,1],[1,0]]" "with a daemon on each node"
done
in_job "muster-rsh runs a command on a node of the job" 0 "muster-rsh -x n2 'echo \$MUSTER_NODE:\$((1 + 1))'"
is "$(cat job.out)" "n2:2" "by a shell there"
in_job "it says what it takes" 0 "muster-rsh --help"
like job.out "^usage: muster-rsh .*NODE COMMAND" "when asked"
in_job "it starts on no other" 2 "muster-rsh n7 true"
like job.out "muster-rsh: the job has no node 'n7'; it has n\[1-2\]" "which it says"
in_job "a step may name the nodes of the job that it wants" 0 'muster run -w n2 sh -c "echo \$MUSTER_NODE"'
is "$(sort -u job.out)" n2 "and runs there only"

cat >outer.sh <<'END'
#!/bin/sh
submit -n 2 -o inner.out --wait --wrap 'echo $MUSTER_HOSTFILE; echo $OMPI_MCA_orte_default_hostfile; echo $MASTER_PORT'
echo "$MASTER_PORT" >outer.port
END
runs 0 "a job may submit another" submit -n 2 -o outer.out --wait outer.sh
like inner.out "^$MUSTER_DIR/nodes/.*/hosts$" "which has a list of hosts"
is "$(sed -n 1p inner.out)" "$(sed -n 2p inner.out)" "that is its own"
sed -n 3p inner.out >inner.port
like inner.port "^[0-9]+$" "and a meeting point"
cmp -s inner.port outer.port
is "$?" 1 "that is its own, too"

"$programs/mpi/mpirun" true 2>err && not_ok "outside of a job it does not start anything" || ok "outside of a job it does not start anything"
like err "not inside a job" "and says why"
done_testing
