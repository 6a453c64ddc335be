#include "lib/model/mount.h"

#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using model::MountKind;

namespace {

std::string mount_error(std::string_view text) {
  const auto mount = model::mount_from_text(text);
  INFO(text);
  REQUIRE_FALSE(mount.has_value());
  CHECK(mount.error().code == base::Code::invalid);
  return mount.error().text;
}

}  // namespace

TEST_CASE("a mount is read, and written as it was") {
  for (const auto* text :
       {"bind:/data:data", "bind:/data:/mnt/data:ro", "tmpfs::scratch:size=1G,mode=755",
        "tmpfs::scratch", "overlay:/opt/model:model", "nfs:server:/export/x:x:ro,o=vers=4.2",
        "smb://server/share:share:credentials=/home/ann/smb", "rclone:remote:bucket/x:x:ro",
        "sshfs:ann@host:/data:data:key=/home/ann/key,port=2222",
        "command:mount -t glusterfs 10.0.0.4:/gv0:gv0"}) {
    INFO(text);
    const auto mount = model::mount_from_text(text);
    REQUIRE(mount.has_value());
    CHECK(to_text(*mount) == text);
  }
}

TEST_CASE("some mounts are made for users who are not root") {
  const auto flaw = [](const char* text) {
    return std::string(model::flaw_for_user(*model::mount_from_text(text)));
  };
  for (const auto* text : {"bind:/data:data:ro", "tmpfs::x", "sshfs:ann@host:/data:data",
                           "rclone:remote:bucket:x", "command:s3fs bucket:x"}) {
    INFO(text);
    CHECK(flaw(text).empty());
  }
  for (const auto* text : {"nfs:server:/x:x", "smb://server/x:x", "overlay:/opt/x:x"})
    CHECK_THAT(flaw(text), Contains("for jobs of root alone") && Contains("by the pool"));
  CHECK_THAT(flaw("bind:/data:/data"), Contains("target is absolute"));
}

TEST_CASE("the source of a mount may have colons, and a target may look like an option") {
  const auto nfs = *model::mount_from_text("nfs:server:/export:data:rw");
  CHECK(nfs.kind == MountKind::nfs);
  CHECK(nfs.source == "server:/export");
  CHECK(nfs.target == "data");
  CHECK(model::find_option(nfs, "rw") != nullptr);
  CHECK(model::find_option(nfs, "ro") == nullptr);
  const auto odd = *model::mount_from_text("bind:/data:ro");
  CHECK(odd.target == "ro");
  CHECK(odd.options.empty());
  const auto command = *model::mount_from_text("command:mount -o ro 10.0.0.4:/gv0:gv0");
  CHECK(command.source == "mount -o ro 10.0.0.4:/gv0");
}

TEST_CASE("what is no mount is refused with what would be one") {
  CHECK_THAT(mount_error(""), Contains("no kind of mount"));
  CHECK_THAT(mount_error("ext4:/dev/sda:x"), Contains("expected bind, tmpfs"));
  CHECK_THAT(mount_error("bind"), Contains("no target"));
  CHECK_THAT(mount_error("bind:/data"), Contains("no target"));
  CHECK_THAT(mount_error("bind:/data:"), Contains("no target"));
  CHECK_THAT(mount_error("bind:data:x"), Contains("no absolute path"));
  CHECK_THAT(mount_error("bind:/data:../x"), Contains("'..'"));
  CHECK_THAT(mount_error("bind:/data:/"), Contains("no directory of its own"));
  CHECK_THAT(mount_error("bind:/data:x:ro,rw"), Contains("ro and rw"));
  CHECK_THAT(mount_error("tmpfs:/data:x"), Contains("has no source"));
  CHECK_THAT(mount_error("tmpfs::x:size=much"), Contains("size"));
  CHECK_THAT(mount_error("tmpfs::x:mode=9"), Contains("octal"));
  CHECK_THAT(mount_error("overlay:/a,b:x"), Contains("','"));
  CHECK_THAT(mount_error("nfs:/export:x"), Contains("names no server"));
  CHECK_THAT(mount_error("smb:server/share:x"), Contains("//server/share"));
  CHECK_THAT(mount_error("sshfs:-oProxyCommand=x:/y:z"), Contains("begins with '-'"));
  CHECK_THAT(mount_error("sshfs:host:/y:z:port=0"), Contains("port"));
  CHECK_THAT(mount_error("sshfs:host:/y:z:key=key"), Contains("no absolute path"));
}

TEST_CASE("a password in a mount is refused and not repeated") {
  const auto other = mount_error("smb://server/share:data:o=username=ann,password=secret1");
  CHECK(other.find("secret1") == other.npos);
  CHECK_THAT(mount_error("bind:/data:data:ro,rx"), Contains("no options of this kind"));
  const auto text = mount_error("smb://server/share:x:o=password=secret1");
  CHECK_THAT(text, Contains("credentials=FILE"));
  CHECK_THAT(text, !Contains("secret1"));
}
