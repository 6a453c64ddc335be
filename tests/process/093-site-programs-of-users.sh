#!/bin/sh
# The site's prolog and epilog are root's around the job of a user, who has no part in them.
if [ "$(id -u)" -eq 0 ] && [ -z "${MUSTER_TEST_SPACE-}" ] && unshare -m true 2>/dev/null; then
  MUSTER_TEST_SPACE=yes exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

. "$ROOT/tests/process/users.sh"

users_up ann
mkdir -p "$MUSTER_DIR"
cat >"$MUSTER_DIR/muster.toml" <<END_OF_CONFIG
[cluster]
users = "all"

[[pool]]
name = "default"
nodes = 1
cpus_per_node = 2
prolog = "exec '$T/program' prolog"
epilog = "exec '$T/program' epilog"
END_OF_CONFIG
cat >program <<'END_OF_PROGRAM'
#!/bin/sh
cd "$T/root" || exit 1
{ id -un; readlink /proc/self/ns/mnt; ps -o args= -u "$MUSTER_JOB_UID"; } >"$1" 2>&1
env >"$1.env"
[ "$1" = epilog ] || { mkdir "$T/scratch" && chown "$MUSTER_JOB_UID" "$T/scratch"; }
[ "$1" = prolog ] || rm -r "$T/scratch"
END_OF_PROGRAM
chmod 755 program
mkdir -m 700 root
cluster_up

runs 0 "a user's job" user ann env PATH="/evil:$PATH" LD_PRELOAD= SECRET=1 muster submit --wait -o job.out --mount tmpfs::fast --wrap \
  "touch $T/scratch/mine && echo made; setsid tail -f /dev/null & readlink /proc/self/ns/mnt"
is "$(head -n 1 home/ann/job.out)" made "has what the prolog made for it"
is "$(head -n 1 root/prolog)" root "which is root's"
is "$(sed -n 2p root/prolog)" "$(readlink "/proc/$(agent_of n1)/ns/mnt")" "and sees what the agent sees"
is "$(head -n 1 root/epilog)" root "so is the epilog"
is "$(sed -n 2p root/epilog)" "$(sed -n 2p root/prolog)" "which sees the same"
unlike root/epilog "^tail|muster-launch" "and comes when nothing of the job is left"
[ -e scratch ] && not_ok "it has removed what the prolog made" || ok "it has removed what the prolog made"
for which in prolog epilog; do
  like "root/$which.env" "^MUSTER_JOB_USER=mu-ann\$" "the $which knows whose job it is"
  unlike "root/$which.env" "SECRET|/evil" "and has nothing else of the user's"
done
is "$(user ann sh -c "cat '$MUSTER_DIR/nodes/n1/launches/1.1.prepare/site/log'" 2>/dev/null)" "" "whose eyes do not see its log"
done_testing
