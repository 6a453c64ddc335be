#include "lib/model/mount.h"

#include "tests/support/catch.h"

using Catch::Matchers::ContainsSubstring;
using model::MountKind;

namespace {

std::string error_of(std::string_view text) {
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
  CHECK_THAT(error_of(""), ContainsSubstring("no kind of mount"));
  CHECK_THAT(error_of("ext4:/dev/sda:x"), ContainsSubstring("expected bind, tmpfs"));
  CHECK_THAT(error_of("bind"), ContainsSubstring("no target"));
  CHECK_THAT(error_of("bind:/data"), ContainsSubstring("no target"));
  CHECK_THAT(error_of("bind:/data:"), ContainsSubstring("no target"));
  CHECK_THAT(error_of("bind:data:x"), ContainsSubstring("no absolute path"));
  CHECK_THAT(error_of("bind:/data:../x"), ContainsSubstring("'..'"));
  CHECK_THAT(error_of("bind:/data:/"), ContainsSubstring("no directory of its own"));
  CHECK_THAT(error_of("bind:/data:x:ro,rw"), ContainsSubstring("ro and rw"));
  CHECK_THAT(error_of("tmpfs:/data:x"), ContainsSubstring("has no source"));
  CHECK_THAT(error_of("tmpfs::x:size=much"), ContainsSubstring("size"));
  CHECK_THAT(error_of("tmpfs::x:mode=9"), ContainsSubstring("octal"));
  CHECK_THAT(error_of("overlay:/a,b:x"), ContainsSubstring("','"));
  CHECK_THAT(error_of("nfs:/export:x"), ContainsSubstring("names no server"));
  CHECK_THAT(error_of("smb:server/share:x"), ContainsSubstring("//server/share"));
  CHECK_THAT(error_of("sshfs:-oProxyCommand=x:/y:z"), ContainsSubstring("begins with '-'"));
  CHECK_THAT(error_of("sshfs:host:/y:z:port=0"), ContainsSubstring("port"));
  CHECK_THAT(error_of("sshfs:host:/y:z:key=key"), ContainsSubstring("no absolute path"));
}

TEST_CASE("a password in a mount is refused and not repeated") {
  const auto text = error_of("smb://server/share:x:o=password=secret1");
  CHECK_THAT(text, ContainsSubstring("credentials=FILE"));
  CHECK_THAT(text, !ContainsSubstring("secret1"));
}
