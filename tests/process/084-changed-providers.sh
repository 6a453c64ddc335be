#!/bin/sh
# A pool whose program, options or name change while it has machines: these are found and ended with what made them.
. "$(dirname "$0")/lib.sh"

muster init --dir "$MUSTER_DIR" --listen 127.0.0.1:7443 >/dev/null
config=$MUSTER_DIR/muster.toml
port=$((20000 + $$ % 10000)) # the same after each reload, for the agents that are there
# configured POOL...: the configuration with the lines of these pools.
configured() {
  cat >"$config" <<END_OF_CONFIG
[listen]
agents = "tls:127.0.0.1:$port"
[scheduler]
heartbeat = "200ms"
requeue_backoff = "0s"
[[pool]]
name = "hand"
provider = "static"
END_OF_CONFIG
  printf '%s\n' "$@" >>"$config"
}
cloud() {
  cat <<END_OF_POOL
[[pool]]
name = "cloud"
provider = "exec"
program = "$T/$1"
max_nodes = 1
cpus_per_node = $(nproc)
memory_per_node = "64M"
idle_timeout = "100ms"
reconcile_interval = "300ms"
[pool.options]
zone = "$2"
END_OF_POOL
}

# Machines are processes here, each in a folder of its program and zone, which nobody else sees.
cat >before <<'END_OF_PROGRAM'
#!/bin/sh
field() { printf '%s' "$line" | jq -r "$1"; }
here() { echo "$MUSTER_DIR/$(basename "$0")-$(field .options.zone)/$(field .cluster)"; }
while read -r line; do
  name=$(field '.name // empty')
  dir=$(here)/$name
  case $1 in
    create)
      mkdir -p "$dir"
      field .token >"$dir/token"
      setsid sh -c 'muster node join - --dir "$1" <"$1/token" && exec muster-agent --config "$1/agent.conf"' boot \
        "$dir" >"$dir.boot" 2>&1 </dev/null &
      echo "{\"name\":\"$name\",\"made\":true}"
      ;;
    destroy)
      [ -s "$dir/agent.lock" ] && kill -KILL "$(cat "$dir/agent.lock")" 2>/dev/null
      rm -rf "$dir"
      echo "{\"name\":\"$name\",\"ended\":true}"
      ;;
    list)
      for machine in "$dir"cloud-?; do
        [ -d "$machine" ] && echo "{\"name\":\"$(basename "$machine")\"}"
      done
      ;;
  esac
done
[ "$1" != watch ] || exit 64
exit 0
END_OF_PROGRAM
chmod +x before
cp before after
machines_are() { [ "$(find "$MUSTER_DIR/$1" -mindepth 2 -maxdepth 2 -type d 2>/dev/null | wc -l)" = "$2" ]; }

# held_by PROGRAM-ZONE: a job runs on a machine of it until end_it.
held_by() {
  rm -f go
  job=$(submit --parsable -- sh -c "until [ -e $T/go ]; do sleep 0.05; done")
  wait_for 10 "a job runs" state_is "$job" running
  wait_for 5 "on a machine of $1" machines_are "$1" 1
}
end_it() {
  is "$(field "$job" .attempt)" 1 "the job runs as ever"
  touch go
  runs 0 "and ends well" muster wait "$job"
}

configured "$(cloud before a)"
musterd --config "$config" >"$T/musterd.out" 2>&1 &
wait_for 10 "musterd is there" muster pools

held_by before-a
configured "$(cloud after b)"
runs 0 "another program and other options are taken" muster config reload
end_it
wait_for 10 "its machine is ended by the program that made it" machines_are before-a 0

held_by after-b
sed -i "1i [cluster]\nname = \"renamed\"" "$config"
runs 0 "so is another name of the cluster" muster config reload
end_it
wait_for 10 "its machine is ended under the name that it was made with" machines_are after-b 0

held_by after-b
configured '[[pool]]' 'name = "cloud"' 'cpus_per_node = 1'
runs 1 "another provider is refused while there may be machines" muster config reload
like "$T/err" "pool 'cloud' has provider = \"local\" now, and there may be machines that '$T/after' made" "with what to do"
configured
runs 0 "that the pool is gone is taken" muster config reload
end_it
wait_for 10 "its machine is ended all the same" machines_are after-b 0
done_testing
