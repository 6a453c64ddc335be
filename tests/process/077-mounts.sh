#!/bin/sh
# Mounts of a job: seen by its script and ranks alone, and gone after any end of it.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "only root can mount"
unshare -m true 2>unshare.err || skip_all "no mount namespace can be made here: $(cat unshare.err)"

# Layers that an overlay changes cannot lie on another one, which a container may have: in memory they can.
mkdir cluster
mount -t tmpfs muster-test "$T/cluster" || skip_all "no tmpfs can be mounted"
leave() {
  status=$?
  trap - EXIT INT TERM
  [ -z "${sshd-}" ] || kill "$sshd" 2>/dev/null
  (exit "$status")
  timeout 60 muster down >/dev/null 2>&1
  umount "$T/cluster" 2>/dev/null || umount -l "$T/cluster"
  (exit "$status")
  end_case
}
trap leave EXIT

cluster_up --nodes 2 --cpus-per-node 2
mkdir -p data shared/sub
echo kept >data/file

nothing_left() {
  left=$(find "$MUSTER_DIR" -path '*.prepare/*' \( -name tmp -o -name mounts \))
  [ -z "$left" ] && ! grep -qF "$MUSTER_DIR/nodes" /proc/self/mountinfo &&
    ! pgrep -f "$MUSTER_DIR/nodes/.*/mounts/" >/dev/null
}

# shellcheck disable=SC2016 # the job expands it
runs 0 "a job has a directory, memory, and an overlay mounted" submit --wait -o all.out -N 2 --ntasks-per-node=1 \
  --mount "bind:$T/data:in:ro" --mount tmpfs::memory:size=1M --mount "overlay:$T/data:layer" --prepare \
  'echo $MUSTER_NODE >$MUSTER_JOB_MOUNTS/layer/file && cat $MUSTER_JOB_MOUNTS/in/file >$MUSTER_JOB_MOUNTS/memory/word' \
  --wrap 'muster run sh -c "cd \$AZ_BATCHAI_JOB_MOUNT_ROOT && echo \$(cat in/file memory/word layer/file) &&
    ! touch in/x 2>/dev/null && ! head -c 2M /dev/zero 2>/dev/null >memory/x"'
is "$(sort all.out | tr '\n' ' ')" "kept kept n1 kept kept n2 " "its ranks see what is in them, on each node"
is "$(ls data) $(cat data/file)" "file kept" "what the job changed in the overlay went with it"
wait_for 10 "nothing is left mounted" nothing_left

runs 0 "a command of the user's mounts, with the mount point as its last word" submit --wait -o own.out \
  --mount "command:mount --bind $T/shared:own" --wrap 'ls $MUSTER_JOB_MOUNTS/own'
is "$(cat own.out)" sub "what it mounted is there"
is "$(muster show last --json | jq -r '.mounts[0]')" "command:mount --bind $T/shared:own" "the record has the mount"

runs 1 "a mount that fails ends the job" submit --wait --mount "bind:$T/nothing:in" --wrap 'touch started'
is "$(field last .outcome.failure.cause)" mount "with a cause of its own"
field last .summary >summary
like summary "the preparation on n1 could not mount: bind:$T/nothing:in: mount: .*does not exist" \
  "which names the node, the mount, and the mounter's own words"
runs 1 "a command that mounts nothing" submit --wait --mount "command:true:in" --wrap 'touch started'
field last .summary >summary
like summary "nothing is mounted on" "is found out"
runs 1 "a mount that hangs" submit --wait --mount-timeout 1s --mount "command:sleep 1000 &&:in" --wrap 'touch started'
field last .summary >summary
like summary "within 1s \(--mount-timeout\)" "fails with the limit that it reached"
is "$(test -e started || echo no)" no "none of their scripts started"
wait_for 10 "nothing is left of them" nothing_left

runs 1 "a password is refused" submit --mount smb://server/share:x:o=password=secret1 --wrap true
unlike err secret1 "and not repeated"
like err "credentials=FILE" "with where it belongs"

# Killed at each stage.
mkfifo go
# shellcheck disable=SC2016
held="$(submit --parsable --mount "bind:$T/data:in" --prepare 'read -r word <go' --wrap 'cat $MUSTER_JOB_MOUNTS/in/file')"
wait_for 10 "a preparation that has mounted" \
  sh -c "grep -qF mounts/in /proc/\$(cut -d ' ' -f 1 $MUSTER_DIR/nodes/n1/launches/$held.1.prepare/pid)/mountinfo"
unlike /proc/self/mountinfo "mounts/in" "is the only one that sees it"
kill -KILL "$(agent_of n1)" "$(launcher_of n1 "$held.1.prepare")"
wait_for 20 "fails when launcher and agent are killed" state_is "$held" failed
wait_for 10 "nothing is left mounted" nothing_left
is "$(cat data/file)" kept "what was mounted is as it was"

held="$(submit --parsable --mount "bind:$T/data:in" --wrap 'sleep 1000')"
wait_for 10 "a job with a mount runs" state_is "$held" running
kill -KILL "$(agent_of n1)" "$(launcher_of n1 "$held.1.prepare")" "$(launcher_of n1 "$held.1.batch")"
wait_for 20 "fails when all that holds it is killed" state_is "$held" failed
wait_for 10 "nothing is left mounted" nothing_left
is "$(cat data/file)" kept "what was mounted is as it was"

runs 1 "a mount that would hide the agent's own files" submit --wait --mount "tmpfs::$MUSTER_DIR" --wrap true
field last .summary >summary
like summary "would hide the files of the agent" "is refused, with the reason"
wait_for 10 "and leaves nothing" nothing_left
runs 1 "a limit of no mount is a mistake" submit --mount-timeout 5s --wrap true
like err "there is no --mount whose time it limits" "as is said"

# A file system of another machine.
if command -v sshfs >/dev/null && [ -x /usr/sbin/sshd ] && [ -c /dev/fuse ]; then
  ssh-keygen -q -t ed25519 -N '' -f host_key && ssh-keygen -q -t ed25519 -N '' -f user_key
  chmod 700 . && cp user_key.pub authorized_keys
  port=$((20000 + $$ % 9000))
  mkdir -p /run/sshd
  /usr/sbin/sshd -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -h "$T/host_key" -o StrictModes=no \
    -o AuthorizedKeysFile="$T/authorized_keys" -o PidFile=none -o UsePAM=no -o PermitRootLogin=yes \
    -o Subsystem="sftp internal-sftp" 2>sshd.err &
  sshd=$!
  wait_for 10 "a server of files listens" grep -q "listening" sshd.err
  options="key=$T/user_key,port=$port,o=StrictHostKeyChecking=no,o=UserKnownHostsFile=/dev/null"
  # shellcheck disable=SC2016
  runs 0 "a folder of its machine is mounted over the network" submit --wait -o remote.out \
    --mount "sshfs:root@127.0.0.1:$T/data:remote:$options" \
    --wrap 'cat $MUSTER_JOB_MOUNTS/remote/file; echo new >$MUSTER_JOB_MOUNTS/remote/made'
  is "$(cat remote.out)" kept "the job reads it"
  is "$(cat data/made)" new "and writes it"
  wait_for 10 "nothing is left of it" nothing_left
  kill "$sshd"
  wait "$sshd" 2>/dev/null
  runs 1 "a server that does not answer" submit --wait --mount "sshfs:root@127.0.0.1:$T/data:remote:$options" --wrap true
  field last .summary >summary
  like summary "could not mount: sshfs:.*(reset|refused)" "is told in the mounter's own words"
else
  ok "a folder of another machine # SKIP sshfs, sshd or /dev/fuse is not there"
fi

# What a script mounts by itself in a directory of its job is not removed with that.
# shellcheck disable=SC2016
runs 0 "a script mounts something in its directory" submit --wait --job-tmp -o own.out --wrap \
  "mkdir \$MUSTER_JOB_TMP/x && mount --bind '$T/data' \$MUSTER_JOB_TMP/x && echo \$MUSTER_JOB_TMP/x"
is "$(cat data/file)" kept "what is mounted there is as it was"
umount "$(cat own.out)"
done_testing
