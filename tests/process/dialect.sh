# Sourced by cases whose jobs come from scripts of other schedulers.
# shellcheck shell=sh

# in_dialect DIALECT SHAPE SCRIPT: submits the file, with the shape as JSON, and prints the job's number. Its output is in
# SCRIPT.out.
in_dialect() {
  env -0 | jq -Rs --arg dialect "$1" --argjson shape "$2" --rawfile script "$3" --arg dir "$T" --arg name "$3" \
    '{name: $name, dialect: $dialect, shape: $shape, script: $script, script_name: $name, work_dir: $dir,
      output: ($dir + "/" + $name + ".out"),
      environment: (split("\u0000") | map(select(contains("=")) | capture("^(?<key>[^=]+)=(?<value>(.|\n)*)$")) | from_entries)}' |
    curl -sS --unix-socket "$MUSTER_DIR/api.sock" -H 'Content-Type: application/json' --data-binary @- \
      http://localhost/v1/jobs >"$T/submitted" || return
  jq -er .job "$T/submitted" || cat "$T/submitted" >&2
}

# dialect_job STATUS NAME DIALECT SHAPE SCRIPT: such a job ends with this exit code.
dialect_job() {
  job=$(in_dialect "$3" "$4" "$5")
  runs "$1" "$2" muster wait "$job"
}
