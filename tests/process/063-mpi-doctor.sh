#!/bin/sh
# What muster run says of MPI ranks that do not come up as they should.
. "$(dirname "$0")/lib.sh"

bin=${MUSTER_BIN:-$ROOT/build/bin}
open_mpi=$bin/mpi_program
mpich=$bin/mpich_program
[ -x "$open_mpi" ] || [ -x "$mpich" ] || skip_all "there are no programs of Open MPI or MPICH"

cluster_up --nodes 2 --cpus-per-node 2

if [ -x "$mpich" ]; then
  alone=$(submit --parsable -N 2 -n 4 -o alone.out --wrap "muster run env -u PMI_FD $mpich sleep")
  wait_for 20 "ranks of MPICH that do not find their launcher are named" grep -q "does not find" alone.out
  muster cancel "$alone"
  wait_for 20 "while they run" state_is "$alone" cancelled
  is "$(grep -c '^hello 0 of 1$' alone.out)" 4 "each of the four has started alone"
  like alone.out "^muster run: ranks 0-3: MPI \(/.*libmpich.*\) does not find its launcher.*: PMI_FD is not in its environment: something between 'muster run' and the program clears it" \
    "they are told why"
  is "$(grep -c 'does not find' alone.out)" 1 "for all of them"
fi

if [ -x "$open_mpi" ]; then
  unserved=$(submit --parsable -n 2 -o unserved.out --wrap "muster run --mpi=none $open_mpi sleep")
  wait_for 20 "ranks of Open MPI that are offered no PMIx are named" grep -q "does not find" unserved.out
  muster cancel "$unserved"
  like unserved.out ": the step was started with --mpi=none, and Open MPI needs pmix: leave the option out" \
    "and the option that denies it"
  in_step='env | grep -c "^PMI[X]*_\(NAMESPACE\|FD\)"'
  submit -n 1 --wait --wrap "muster run sh -c '$in_step'" -o both.out >step.out 2>&1
  is "$(cat both.out)" 2 \
    "a program that may become one of MPI finds both servers"

  cat >late.sh <<EOF
#!/bin/sh
test \$MUSTER_RANK = 3 && until [ -e go ]; do sleep 0.1; done
exec $open_mpi ring
EOF
  chmod +x late.sh
  late=$(submit --parsable -N 2 -n 4 -o late.out --wrap "muster run ./late.sh")
  wait_for 30 "a rank that is late in MPI_Init is waited for" grep -q "rank 3 on n2" late.out
  touch go
  runs 0 "and may still come" muster wait "$late"
  like late.out "^muster run: 3 ranks wait in MPI_Init for rank 3, which after 5s did not call it:" "it was named"
  like late.out "^muster run:   rank 3 on n2: process [0-9]+, (late.sh|sleep) \(.*\), which has loaded no MPI library" \
    "with what it is doing"
  like late.out "^ring 4$" "and all go on together"

  cat >never.sh <<EOF
#!/bin/sh
case \$MUSTER_RANK in 2) exit 0 ;; 3) exec sleep 1000 ;; *) exec $open_mpi ;; esac
EOF
  chmod +x never.sh
  runs 1 "a rank that ends without MPI_Init, while others wait on another node, ends the step" \
    submit --wait -N 2 -n 4 -o never.out --wrap "muster run ./never.sh"
  like never.out "step 0: rank 2 on n2 ended with code 0 before MPI_Init while other ranks waited in it" "and is named"

  runs 0 "of ranks that come up as they should" submit --wait -N 2 -n 4 -o fine.out --wrap "muster run $open_mpi ring"
  unlike fine.out "muster run" "nothing is said"
fi

runs 0 "nor of programs without MPI" submit --wait -N 2 -n 4 -o plain.out --wrap "muster run env -i sleep 6"
is "$(cat plain.out)" "" "however they are started"

done_testing
