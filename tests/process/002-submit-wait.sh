#!/bin/sh
# What submit takes, what it refuses, and that the exit code of the job comes back.
. "$(dirname "$0")/lib.sh"

cluster_up --nodes 2 --cpus-per-node 2

printf '#!/bin/sh\n#SUBMIT --job-name=seven\necho "args: $*"\necho problem >&2\nexit 7\n' >seven.sh
runs 7 "--wait exits with the job's exit code" submit --parsable --wait seven.sh a "b c"
job=$(cat "$T/out")
like "muster-$job.out" "^args: a b c$" "arguments reach the script, output reaches the default file"
like "muster-$job.out" "^problem$" "and standard error the same file"
is "$(field "$job" .name)" seven "directives count"
is "$(field "$job" .state)" failed "a non-zero exit is a failure"
is "$(field "$job" .outcome.exit_code)" 7 "with its exit code in the record"
runs 0 "logs are readable" muster logs "$job"
like "$T/out" "^args: a b c$" "and hold what the job wrote"

runs 0 "a command needs no script" submit -J hello -o out.%x -- echo "hello  world"
like "$T/out" "^Submitted batch job [0-9]+$" "submit says the id as sbatch does"
wait_for 20 "its output is where --output says" grep -q "^hello  world$" out.hello

refused() {
  name=$1
  pattern=$2
  shift 2
  runs "${STATUS:-1}" "$name" "$@"
  like "$T/err" "$pattern" "$name: the reason is given"
}
before=$(muster jobs --json --all | jq '.jobs | length')
printf 'echo a\r\n' >crlf.sh
printf '#!/bin/sh\n#SUBMIT --nodez=2\n' >unknown.sh
: >empty.sh
printf '#!/bin/sh\0\n' >nul.sh
refused "a script that does not exist" "none.sh" submit none.sh
refused "a directory" "directory" submit "$T"
refused "an empty script" "empty" submit empty.sh
refused "a script with NUL" "NUL" submit nul.sh
refused "a script from Windows" "CR" submit crlf.sh
refused "an unknown directive" "nodes" submit unknown.sh
refused "more nodes than there are" "--nodes=2" submit --nodes 3 -- true
refused "more cores than a node has" "2 cores" submit --cpus-per-task 64 -- true
refused "an output directory that is not there" "/nonexistent" submit -o /nonexistent/x -- true
is "$(muster jobs --json --all | jq '.jobs | length')" "$before" "nothing was half submitted"
done_testing
