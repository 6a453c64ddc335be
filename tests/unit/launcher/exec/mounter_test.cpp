#include "launcher/exec/mounter.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "lib/loop/owned_fd.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

const loop::Account user{.uid = 61'234, .gid = 61'234, .name = "ann", .groups = {61'234}};

/// In a namespace of mounts of its own; the result is its exit code, -1: there can be none here.
int in_space(const std::function<int()>& task) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool is_apart =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    _exit(is_apart ? task() : 99);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return code == 99 ? -1 : code;
}

/// A folder of the user's with a point to mount on, and another one with a file.
struct Site {
  Site() {
    fs::permissions(folder.path(), fs::perms::all);
    for (const auto* name : {"own", "own/mounts", "own/mounts/in", "data", "closed", "closed/in"}) {
      fs::create_directory(folder / name);
      REQUIRE(chown((folder / name).c_str(), user.uid, user.gid) == 0);
    }
    std::ofstream(folder / "data/file") << "kept";
    REQUIRE(chown((folder / "closed").c_str(), 0, 0) == 0);
    fs::permissions(folder / "closed", fs::perms::owner_all);
  }

  base::Result<void> mount(const std::string& text, const std::string& point = "mounts/in") const {
    // As it is seen here: not in another namespace.
    const loop::OwnedFd own(open((folder / "own").c_str(), O_PATH | O_CLOEXEC));
    return exec::mount_for(user, model::mount_from_text(text).value(), own.get(), point);
  }
  std::string in(const std::string& name) const { return folder / ("own/mounts/in/" + name); }

  support::TempFolder folder;
};

}  // namespace

TEST_CASE("root mounts for a user without a way to more rights") {
  if (geteuid() != 0) return;  // only root mounts
  const Site site;
  const int code = in_space([&] {
    if (!site.mount("bind:" + site.folder / "data" + ":in:ro")) return 1;
    struct statvfs found{};
    if (!fs::exists(site.in("file")) || statvfs(site.in("").c_str(), &found) != 0) return 2;
    const auto wanted = static_cast<unsigned long>(ST_NOSUID | ST_NODEV | ST_RDONLY);
    return (found.f_flag & wanted) == wanted ? 0 : 3;
  });
  if (code < 0) return;  // no namespaces here
  CHECK(code == 0);
  CHECK_FALSE(fs::exists(site.in("file")));  // out here

  CHECK(in_space([&] {
          if (!site.mount("tmpfs::in:size=1M,mode=750")) return 1;
          struct stat status{};
          struct statvfs found{};
          if (stat(site.in("").c_str(), &status) != 0 || statvfs(site.in("").c_str(), &found) != 0)
            return 2;
          if (status.st_uid != user.uid || (status.st_mode & 07777) != 0750) return 3;
          return found.f_blocks * found.f_frsize == 1U << 20 && (found.f_flag & ST_NOSUID) != 0 ? 0
                                                                                                : 4;
        }) == 0);
}

TEST_CASE("what is mounted for a user is what that user comes to, with all that lies on it") {
  if (geteuid() != 0) return;  // only root mounts
  const Site site;
  const auto fails_with = [&](const std::string& text, base::Code wanted) {
    return in_space([&] {
      const auto mounted = site.mount(text);
      return mounted ? 1 : mounted.error().code == wanted ? 0 : 2;
    });
  };
  const int code = fails_with("bind:" + site.folder / "closed/in" + ":in", base::Code::denied);
  if (code < 0) return;  // no namespaces here
  CHECK(code == 0);
  CHECK(fails_with("bind:" + site.folder / "none" + ":in", base::Code::not_found) == 0);
  // This process is there: root could follow it for anybody.
  CHECK(in_space([&] {
          if (chdir((site.folder / "closed/in").c_str()) != 0) return 1;
          return site.mount("bind:/proc/self/cwd:in") ? 2 : 0;
        }) == 0);
  CHECK(in_space([&] {
          const auto data = site.folder / "data";
          if (mount("none", data.c_str(), "tmpfs", 0, "mode=755") != 0) return 1;
          if (!site.mount("bind:" + data + ":in")) return 2;
          return fs::exists(site.in("file")) ? 3 : 0;
        }) == 0);
}

TEST_CASE("nothing is mounted outside of the user's folder") {
  if (geteuid() != 0) return;  // only root mounts
  const Site site;
  fs::create_directory(site.folder / "own/mounts/roots");
  fs::create_directory_symlink(site.folder / "data", site.folder / "own/mounts/link");
  fs::create_directory_symlink(site.folder / "own/mounts/in", site.folder / "own/mounts/near");
  const auto mounts_on = [&](const std::string& point) {
    return in_space([&] { return site.mount("tmpfs::in", point) ? 0 : 1; });
  };
  if (const int code = mounts_on("mounts/in"); code >= 0) CHECK(code == 0);
  for (const auto* point : {"mounts/link", "mounts/near", "mounts/../../data", "mounts/roots"}) {
    INFO(point);
    CHECK(mounts_on(point) != 0);
  }
}
