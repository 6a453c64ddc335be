#!/bin/sh
# Images of jobs: what they come from, what is kept of them, what is said when they fail, and what is left of them.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/process/roots.sh"

command -v bwrap >/dev/null || skip_all "there is no bubblewrap here"
unshare -m true 2>unshare.err || unshare -Um true 2>unshare.err ||
  skip_all "no mount namespace can be made here: $(cat unshare.err)"

make_root root cat ls sleep df
containers_up 'cache_limit = "16M"'
nothing_left() {
  left=$(find "$MUSTER_DIR" -path '*.prepare/container')
  [ -z "$left" ] && ! grep -qF "$MUSTER_DIR/nodes" /proc/self/mountinfo && ! holders
}
# Of this case's containers.
holders() {
  for process in /proc/[0-9]*; do
    tr '\0' ' ' <"$process/cmdline" | grep -q '^/.muster/hold ' && grep -aqs -e "$MUSTER_DIR" "$process/environ" &&
      return
  done 2>/dev/null
  return 1
}
fails() {
  runs 1 "$1" submit --wait "$2" "$3" --wrap 'touch started'
  is "$(field last .outcome.failure.cause)" image "has a cause of its own"
  field last .summary >summary
  like summary "$4" "with node, image and what is wrong"
  [ ! -e started ] || not_ok "its script did not start"
}

fails "a folder that is not there" "--image=$T/nothing" --no-requeue \
  "the preparation on n[12] could not get or start the image: $T/nothing: cannot read .*No such file or directory"
fails "a folder that is no root file system" "--image=$T/cache" --no-requeue "it lacks /etc or /usr"
fails "a runtime that is not there" "--image=$T/root" --image-runtime=apptainer "there is no apptainer in PATH"
head -c 100000 /dev/urandom >broken.tar
fails "a broken tar file" "--image=$T/broken.tar" --no-requeue "broken.tar: tar: .*tar archive"
mkfifo slow.tar
fails "an image that does not come" "--image=$T/slow.tar" --image-timeout=1s "did not end within 1s \(--image-timeout\)"
is "$(find cache -name '*.tar*' -path '*root*')" "" "of which nothing is kept"
runs 1 "an image that is none is refused" submit --image ./here --wrap true
like err "'./here' is no image; expected /FOLDER" "with what would be one"
runs 0 "a request is explained" submit --explain --image "$T/root" --shm-size 1M --wrap true
like out "^--image +$T/root +command line" "with its image"

# One that is unpacked on the node, once for all jobs; what is used longest ago goes.
tar -C root -cf one.tar .
head -c 12M /dev/zero >root/filling
tar -C root -cf two.tar .
rm root/filling
runs 0 "an image in a tar file" submit --wait -o tar.out --image "$T/one.tar" --wrap 'cat /etc/mark; muster run -n 1 cat /etc/mark'
is "$(cat tar.out)" "only here
only here" "is what the script and its step see"
entry=$(echo cache/*/image-*one.tar*/root)
runs 0 "a job changes it" submit --wait --image "$T/one.tar" --wrap 'echo changed >/etc/mark'
is "$(cat "$entry/etc/mark")" "only here" "for itself alone"
before=$(stat -c %i "$entry")
runs 0 "another one uses it" submit --wait --image "$T/one.tar" --wrap 'cat /etc/mark'
is "$(stat -c %i "$entry")" "$before" "as it was unpacked for the first"
runs 0 "four jobs at once unpack one together" submit --wait --image "$T/two.tar" --array 0-3 --wrap 'ls /filling'
wait_for 10 "the one that was used longest ago goes beyond the limit" sh -c "! test -e '$entry'"
is "$(echo cache/*/image-*two.tar*/size)" "$(ls cache/*/image-*/size)" "the one in use stays"

# From outside, and at its end.
held="$(submit --parsable --image "$T/root" --shm-size 2M --prepare 'echo prepared >/etc/prepared' --wrap 'sleep 1000')"
wait_for 20 "a job runs in its container" state_is "$held" running
runs 0 "a command from outside" muster exec "$held" -- sh -c 'cat /etc/mark /etc/prepared; df -k /dev/shm'
like out "^only here" "is in the container, too"
like out "^prepared" "after its preparation"
like out " 2048 .* /dev/shm" "with the job's own /dev/shm"
runs 127 "a program that is not in the image" muster exec "$held" -- no-such-program
like err "there is no program 'no-such-program' in PATH" "is named"
muster cancel "$held" >out
wait_for 10 "it is cancelled" state_is "$held" cancelled
wait_for 10 "nothing is left" nothing_left
held="$(submit --parsable --image "$T/root" --wrap 'sleep 1000')"
wait_for 20 "another one runs" state_is "$held" running
kill -KILL "$(launcher_of n1 "$held.1.prepare")"
wait_for 20 "it fails when what holds its container is killed" state_is "$held" failed
wait_for 10 "nothing is left" nothing_left
held="$(submit --parsable --image "$T/root" --wrap 'sleep 1000')"
wait_for 20 "another one runs" state_is "$held" running
kill -KILL "$(launcher_of n1 "$held.1.batch")"
wait_for 20 "it fails when the launcher of its script is killed" state_is "$held" failed
wait_for 10 "nothing is left" nothing_left

# Of a registry's kind, which podman unpacks.
if command -v podman >/dev/null; then
  layer=$(sha256sum one.tar | cut -d ' ' -f 1)
  mkdir archive && cp one.tar "archive/$layer.tar"
  printf '{"architecture":"amd64","os":"linux","config":{"Env":["WORD=of the image"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$layer" >archive/config.json
  printf '[{"Config":"config.json","RepoTags":["localhost/test:1"],"Layers":["%s.tar"]}]' "$layer" >archive/manifest.json
  tar -C archive -cf archive.tar .
  # shellcheck disable=SC2016 # the job expands it
  WORD=outside runs 0 "an archive of docker's" submit --wait -o archive.out --image "docker-archive:$T/archive.tar" \
    --wrap 'cat /etc/mark; echo $WORD'
  is "$(cat archive.out)" "only here
of the image" "with its variables"
  is "$(find cache -name store -o -name run)" "" "nothing is left of the tool's own"
else
  ok "an archive of docker's # SKIP podman is not there"
fi
done_testing
