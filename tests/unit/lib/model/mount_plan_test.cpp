#include "lib/model/mount_plan.h"

#include "lib/base/text.h"
#include "tests/support/catch.h"

namespace {

model::MountPlan plan_of_mount(std::string_view text) {
  return model::plan_mount(*model::mount_from_text(text), "/m", "/s");
}

std::string line_of_mount(std::string_view text) {
  return base::join(plan_of_mount(text).arguments, " ");
}

}  // namespace

TEST_CASE("each kind of mount has its command line") {
  CHECK(line_of_mount("bind:/data:x") == "mount -n --bind /data /m/x");
  CHECK(line_of_mount("bind:/data:/y:ro") == "mount -n --bind -o ro /data /y");
  CHECK(line_of_mount("tmpfs::x") == "mount -n -t tmpfs -o mode=700 tmpfs /m/x");
  CHECK(line_of_mount("tmpfs::x:size=2M,mode=755") ==
        "mount -n -t tmpfs -o mode=755,size=2097152 tmpfs /m/x");
  CHECK(line_of_mount("overlay:/opt:x") ==
        "mount -n -t overlay -o lowerdir=/opt,upperdir=/s/upper,workdir=/s/work overlay /m/x");
  CHECK(line_of_mount("nfs:h:/e:x:ro,o=vers=4.2") == "mount -n -t nfs -o ro,vers=4.2 h:/e /m/x");
  CHECK(line_of_mount("smb://h/e:x:credentials=/c") ==
        "mount -n -t cifs -o credentials=/c //h/e /m/x");
  CHECK(line_of_mount("sshfs:u@h:/e:x:key=/k,port=22") ==
        "sshfs -o BatchMode=yes,IdentityFile=/k -p 22 u@h:/e /m/x");
  CHECK(line_of_mount("rclone:r:b:x:ro,credentials=/c") ==
        "rclone mount --daemon --read-only --config /c r:b /m/x");
}

TEST_CASE("the mount point is the last word of a command of the user's") {
  const auto of_user = plan_of_mount("command:mount -t ceph a:/:x");
  CHECK(of_user.arguments ==
        std::vector<std::string>{"/bin/sh", "-c", "mount -t ceph a:/ \"$0\"", "/m/x"});
}

TEST_CASE("folders are made for relative targets and for what changes in an overlay") {
  CHECK(plan_of_mount("bind:/data:x").is_point_made);
  CHECK(plan_of_mount("bind:/data:x").point == "/m/x");
  CHECK_FALSE(plan_of_mount("bind:/data:/y").is_point_made);
  CHECK(plan_of_mount("overlay:/opt:x").folders == std::vector<std::string>{"/s/upper", "/s/work"});
}
