#!/bin/sh
# Examples that have no case of their own: hello with either MPI, the ring, and batch scoring.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2
export HELLO_EXAMPLE="$ROOT/examples/hello"
for mpicc in mpicc.openmpi mpicc.mpich; do
  if ! command -v "$mpicc" >/dev/null; then
    ok "hello # SKIP $mpicc is not installed"
    continue
  fi
  MPICC=$mpicc runs 0 "hello, compiled with $mpicc" submit -o hello.out --wait "$HELLO_EXAMPLE/hello.sh"
  like hello.out "^all 4 ranks are there$" "is one world on two nodes"
  is "$(grep -c '^rank [0-3] of 4 on ' hello.out)" 4 "in which each rank says where it is"
done

if [ -x "$(dirname "$(command -v muster)")/ring" ]; then
  runs 0 "the ring" submit -o ring.out --wait "$ROOT/examples/ring/ring.sh" 100003
  like ring.out "^100003 values in 4 ranks: .* sum right$" "sums up, though the parts differ in length"
else
  ok "the ring # SKIP there is no Open MPI"
fi

# Each call of the command leaves its line in `calls`.
mkdir files
for i in $(seq 200); do echo "file $i" >"files/f$i"; done
cat >scorer.sh <<'END'
#!/bin/sh
read -r line
echo "$line" >>"$T/calls"
seq 20000 >/dev/null
echo "score of $line"
END
chmod +x scorer.sh
export T
runs 0 "every file is scored" submit -o score.out --wait "$ROOT/examples/batch-scoring/score.sh" files results ./scorer.sh
is "$(tail -n 1 score.out)" "200 of 200 files scored" "as the job says"
is "$(sort calls | uniq -c | awk '$1 != 1' | wc -l) $(wc -l <calls)" "0 200" "exactly once"
is "$(cat results/f17)" "score of file 17" "with the result under its name"
is "$(find . -name '*.claims-*' -o -name '*.failed' | wc -l)" 0 "and nothing else is left"

rm calls
cat >gated.sh <<'END'
#!/bin/sh
until [ -e "$T/go" ] || [ "$(ls "$T/again" | wc -l)" -lt 25 ]; do sleep 0.02; done
exec "$T/scorer.sh"
END
chmod +x gated.sh
job=$(submit --parsable -o killed.out "$ROOT/examples/batch-scoring/score.sh" files again ./gated.sh)
wait_for 20 "it scores again" sh -c '[ "$(ls again | wc -l)" -gt 20 ]'
kill -KILL "$(process_with "MUSTER_JOB_ID=$job" MUSTER_RANK=3)"
touch go
runs 0 "with a rank killed it comes to its end" muster wait "$job"
is "$(field "$job" .attempt)" 2 "in its second attempt"
is "$(ls again | wc -l)" 200 "with all results"
n_calls=$(wc -l <calls)
is "$((n_calls >= 200 && n_calls <= 204))" 1 "only what was under way in the four ranks was scored again: $n_calls calls"

printf '#!/bin/sh\nread -r line; test "$line" != "file 3" && echo fine\n' >picky.sh
chmod +x picky.sh
runs 1 "a file whose command fails fails the job" submit -o picky.out --wait \
  "$ROOT/examples/batch-scoring/score.sh" files picked ./picky.sh
is "$(cat picked.failed) $(tail -n 1 picky.out)" "f3 199 of 200 files scored" "after all others, and is listed"
runs 2 "a folder that is not there is said" submit -o none.out --wait \
  "$ROOT/examples/batch-scoring/score.sh" nowhere out ./picky.sh
like none.out "'nowhere' is no folder" "with its name"
done_testing
