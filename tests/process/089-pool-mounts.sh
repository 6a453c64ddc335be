#!/bin/sh
# What a pool wants mounted is there before a node takes work, and comes back by itself.
[ "$(id -u)" -ne 0 ] || [ -n "${IN_OWN_SPACE-}" ] || IN_OWN_SPACE=yes exec unshare -m "$0" "$@"
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "only root can mount"

mkdir -p data "$MUSTER_DIR"
echo kept >data/file
cat >mounter <<END_OF_MOUNTER
#!/bin/sh
if [ -e "$T/hang" ]; then exec tail -f "$T/hang"; fi
if [ -e "$T/fail" ]; then echo "mount: no such server"; exit 32; fi
exec mount --bind "$T/data" "\$1"
END_OF_MOUNTER
chmod +x mounter
# What is mounted here goes with the last process of this namespace; but a folder cannot be removed below it.
leave() {
  status=$?
  trap - EXIT INT TERM
  timeout 60 muster down >/dev/null 2>&1
  umount -l "$T/mnt/data" 2>/dev/null
  umount -l "$T/mnt/own" 2>/dev/null
  (exit "$status")
  end_case
}
trap leave EXIT

write_config() {
  cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[[pool]]
name = "default"
nodes = 2
cpus_per_node = 1
mounts = $1
mount_timeout = "1s"
setup = "test -e '$T/mnt/own/file' && echo set up >>'$T/setups'"
setup_tries = 2
setup_pause = "100ms"
setup_heal = "300ms"
health_interval = "200ms"
END_OF_CONFIG
}
says() { muster nodes | grep -Eq "$1"; }
is_there() { grep -q " $1 " /proc/self/mountinfo; }

write_config "[\"bind:$T/data:mnt/own\"]"
runs 1 "a target that is not the same for all is refused" muster config check "$MUSTER_DIR/muster.toml"
like "$T/err" "line 5: 'pool.mounts': .*expected a target that is an absolute path, found 'mnt/own'" "with its line"
write_config "[\"bind:$T/data:$T/mnt/data:ro\", \"command:$T/mounter:$T/mnt/own\"]"
touch fail
cluster_up
wait_for 10 "a mount that fails makes the nodes unusable" says "^node n1 is unusable: its mounting exited with code 1"
runs 0 "muster node show has the mounter's words" muster node show n1
like "$T/out" "\| mount: no such server" "as it said them"
like "$T/out" "command:$T/mounter:$T/mnt/own: 'mount|'/bin/sh' exited with code 32" "and which mount it was"
rm fail
runs 0 "the nodes heal when it works, and take work" timeout 20 submit --wait -N 2 -o seen \
  --wrap "cat '$T/mnt/data/file' '$T/mnt/own/file'; ! touch '$T/mnt/data/new' 2>/dev/null"
is "$(tr '\n' ' ' <seen)" "kept kept " "which sees what is mounted"
is "$(grep -c " $T/mnt/data " /proc/self/mountinfo)" 1 "two nodes of one machine mount it once"
is "$(wc -l <setups)" 2 "the setup of each found it there"

umount "$T/mnt/data"
wait_for 10 "what was unmounted comes back" is_there "$T/mnt/data"
wait_for 10 "and the nodes are well" node_is n1 idle

# A file server that does not answer.
job=$(submit --parsable --nodelist n1 -- echo well)
runs 0 "a job is done" muster wait "$job"
: >hang
umount "$T/mnt/own"
wait_for 10 "a mount that hangs makes the node unusable" says "^node n1 is unusable: its mounting did not end within 1s"
runs 0 "its agent answers meanwhile" timeout 5 muster logs "$job"
like "$T/out" "^well$" "with the log of a job"
runs 0 "muster node show says which mount" muster node show n1
like "$T/out" "\| mounting command:$T/mounter:$T/mnt/own" "in its last line"
rm hang
wait_for 20 "it heals when the server is back" node_is n1 idle
done_testing
