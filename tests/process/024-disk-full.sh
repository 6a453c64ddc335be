#!/bin/sh
# A disk that is full: nothing is acknowledged that is not kept, the reason is told, and what was
# acknowledged is there when there is room again.
. "$(dirname "$0")/lib.sh"

mkdir "$MUSTER_DIR"
if ! mount -t tmpfs -o size=4m tmpfs "$MUSTER_DIR" 2>mount.err; then
  skip_all "a file system of its own cannot be mounted: $(cat mount.err)"
fi
leave() {
  timeout 60 muster down >/dev/null 2>&1
  umount -l "$MUSTER_DIR"
  end_case
}
trap leave EXIT

controller_is_gone() {
  ! kill -0 "$controller" 2>/dev/null
}

cluster_up --nodes 1 --cpus-per-node 1
kept=$(submit --parsable --hold --wrap true)
controller=$(cat "$MUSTER_DIR/musterd.lock")

dd if=/dev/zero of="$MUSTER_DIR/ballast" bs=4k 2>/dev/null
n=0
until ! submit --parsable --hold --comment "$(head -c 3000 /dev/zero | tr '\0' x)" --wrap true >>ids 2>err; do
  n=$((n + 1))
  [ "$n" -lt 200 ] || break
done
like err "journal cannot be written.*nothing of this request was kept" "a submission is refused with the reason"
wait_for 20 "the controller ends" controller_is_gone

rm "$MUSTER_DIR/ballast"
runs 0 "with room again the cluster comes back" muster up
is "$(field "$kept" .state)" waiting "the job from before is there"
is "$(muster jobs --json | jq -r '.jobs[].job' | sort -n)" "$( (echo "$kept" && cat ids) | sort -n)" \
  "and so is each that was acknowledged, and no other"
runs 0 "it can run" muster release "$kept"
runs 0 "and does" muster wait "$kept"
done_testing
