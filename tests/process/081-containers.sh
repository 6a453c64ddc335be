#!/bin/sh
# Jobs in containers, by each runtime that is here: script, ranks with MPI between two nodes, and commands from outside.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/roots.sh"

runtimes=
for each in bubblewrap:bwrap charliecloud:ch-run; do
  command -v "${each#*:}" >/dev/null && runtimes="$runtimes ${each%:*}"
done
[ -n "$runtimes" ] || skip_all "there is neither bubblewrap nor Charliecloud here"
unshare -m true 2>unshare.err || unshare -Um true 2>unshare.err ||
  skip_all "no mount namespace can be made here: $(cat unshare.err)"
program=$(command -v mpi_program) || skip_all "there is no Open MPI here"

# A root file system of Debian packages, and of the libraries that their programs load; few of it is copied.
plugins=$(dpkg -L libopenmpi3 libpmix2 | grep -E '/mca_(btl|coll|ess|ob1|pmix|pml|schizo)_[a-z0-9_]*\.so$|/pmix/.*\.so$')
mkdir root root/etc root/var root/usr
for folder in bin lib lib64 sbin; do
  mkdir "root/usr/$folder" && ln -s "usr/$folder" "root/$folder"
done
{
  dpkg -L dash coreutils libc6 openmpi-common libopenmpi3 libpmix2
  # shellcheck disable=SC2086
  ldd /bin/ls /bin/cat "$program" $plugins | sed -n 's/.* => \(\/[^ ]*\).*/\1/p'
} | sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,' | grep -vE '/share/(doc|man|locale|info|lintian)|/gconv' | sort -u |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done >files
xargs cp -lL --parents -t root <files 2>/dev/null || xargs cp -L --parents -t root <files
mkdir -p root/opt/tool && cp "$program" root/opt/tool/mpi_program
echo "only here" >root/etc/mark
mkdir root/ch && echo "PATH=/opt/tool:/usr/bin:/bin" >root/ch/environment
containers_up

nothing_left() {
  left=$(find "$MUSTER_DIR" -path '*.prepare/container')
  [ -z "$left" ] && ! grep -qF "$MUSTER_DIR/nodes" /proc/self/mountinfo && ! pgrep -f '^/.muster/hold' >/dev/null
}

cat >job.sh <<'END'
#!/bin/sh
cat /etc/mark /etc/prepared
test -e "$HOST_FILE" && echo "the node's files are there"
touch /usr/bin/changed /tmp/own
muster run sh -c 'echo rank $MUSTER_RANK $(cat /etc/mark) $(cat /etc/prepared)'
mpirun mpi_program allreduce
echo made >made
END
HOST_FILE=/etc/debian_version
export HOST_FILE
for runtime in $runtimes; do
  # shellcheck disable=SC2016 # the job expands it
  runs 0 "$runtime: a job on two nodes, four ranks" submit --wait -N 2 -n 4 -o job.out --image "$T/root" \
    --image-runtime "$runtime" --prepare 'echo prepared on $MUSTER_NODE >/etc/prepared' job.sh
  is "$(head -n 2 job.out | tr '\n' ' ')" "only here prepared on n1 " "its script sees the image, and what --prepare did"
  unlike job.out "the node's files" "and not the node's system"
  is "$(grep '^rank' job.out | sort | tr '\n' ';')" \
    "rank 0 only here prepared on n1;rank 1 only here prepared on n1;rank 2 only here prepared on n2;rank 3 only here prepared on n2;" \
    "so do its ranks on both nodes"
  is "$(grep -c '^sum' job.out) $(sort -u job.out | grep -c '^sum')" "4 1" "ranks of MPI meet through the launcher outside"
  is "$(cat made && rm made)" made "the working directory is that of the node"
  is "$(find root -name prepared -o -name changed) $(test -e /tmp/own && echo outside)" " " "the image is as it was"
  wait_for 10 "nothing is left" nothing_left
done

# An agent and its jobs without rights: by user namespaces.
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=$T/other MUSTER_DIR=$T/other/cluster"
# shellcheck disable=SC2086 # words
if [ "$(id -u)" -eq 0 ] && chmod 711 "$T" && $nobody sh -c 'command -v submit && unshare -Um true' >out 2>&1; then
  mkdir -p other/cluster
  sed "s,^cache = .*,cache = \"$T/other\"," "$MUSTER_DIR/muster.toml" >other/cluster/muster.toml
  chown -R 65534:65534 other
  for runtime in $runtimes; do
    # shellcheck disable=SC2016,SC2086 # words, which the shell of that user expands
    runs 0 "$runtime: a user who is not root" $nobody sh -c 'cd "$HOME" && muster up && submit --wait -N 2 -n 4 -o job.out \
      --image "$0" --image-runtime "$1" --wrap "cat /etc/mark; mpirun mpi_program allreduce"; status=$?; muster down
      exit $status' "$T/root" "$runtime"
    is "$(sort -u other/job.out | grep -v hello | tr '\n' ';')" "only here;sum 10 local 2;" "runs the same"
    rm -f other/job.out
  done
else
  ok "for a user who is not root # SKIP this is not root, or there are no user namespaces: $(tail -n 1 out)"
fi
done_testing
