#include "launcher/exec/root_points.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "lib/loop/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

namespace fs = std::filesystem;

/// An image and the layer over it.
struct Layers {
  support::TempFolder folder;
  std::string lower = folder.path() + "/lower";
  std::string upper = folder.path() + "/upper";

  Layers() {
    fs::create_directories(lower + "/usr/lib");
    fs::create_directories(upper);
  }
  void add(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(lower + path).parent_path());
    REQUIRE(loop::write_file_atomic(lower + path, text, {.mode = 0644, .sync = false}));
  }
  std::string read(const std::string& path) const {
    return loop::read_file(upper + path, 4096).value_or("none");
  }
};

mode_t rights_of(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a place to mount on lies in the layer over the image, whose rights it keeps") {
  const Layers layers;
  fs::create_directory(layers.lower + "/tmp");
  REQUIRE(chmod((layers.lower + "/tmp").c_str(), 01777) == 0);
  REQUIRE(exec::add_point(layers.lower, layers.upper, "/tmp/a/b", true));
  CHECK(fs::is_directory(layers.upper + "/tmp/a/b"));
  CHECK(rights_of(layers.upper + "/tmp") == 01777);
  CHECK(rights_of(layers.upper + "/tmp/a") == 0755);
  REQUIRE(exec::add_point(layers.lower, layers.upper, "/opt/x.so", false));
  CHECK(fs::is_regular_file(layers.upper + "/opt/x.so"));
  CHECK_FALSE(fs::exists(layers.lower + "/opt"));
  layers.add("/etc", "a file");
  CHECK_FALSE(exec::add_point(layers.lower, layers.upper, "/etc/x", true));
}

TEST_CASE("links of an image never lead out of it, nor round for ever") {
  const Layers layers;
  fs::create_symlink("usr/lib", layers.lower + "/lib");
  fs::create_symlink(layers.folder.path(), layers.lower + "/away");
  fs::create_symlink("../../..", layers.lower + "/up");
  fs::create_symlink("loop", layers.lower + "/loop");
  REQUIRE(exec::add_point(layers.lower, layers.upper, "/lib/x", true));
  CHECK(fs::is_directory(layers.upper + "/usr/lib/x"));
  REQUIRE(exec::add_point(layers.lower, layers.upper, "/away/y", true));
  CHECK(fs::is_directory(layers.upper + layers.folder.path() + "/y"));
  CHECK_FALSE(fs::exists(layers.folder.path() + "/y"));
  REQUIRE(exec::add_point(layers.lower, layers.upper, "/up/z", true));
  CHECK(fs::is_directory(layers.upper + "/z"));
  REQUIRE(exec::add_point(layers.lower, layers.upper, "/loop/w", true));
  CHECK(fs::is_directory(layers.upper + "/loop/w"));
  CHECK(exec::has_directory(layers.lower, "/lib"));
  CHECK_FALSE(exec::has_directory(layers.lower, "/away"));
}

TEST_CASE("a user has a line beside those of the image") {
  const Layers layers;
  layers.add("/etc/passwd", "root:x:0:0::/root:/bin/sh");
  REQUIRE(exec::add_line(layers.lower, layers.upper, "/etc/passwd", "7", "ann:x:7:7:::"));
  CHECK(layers.read("/etc/passwd") == "root:x:0:0::/root:/bin/sh\nann:x:7:7:::\n");
  REQUIRE(exec::add_line(layers.lower, layers.upper, "/etc/group", "7", "ann:x:7:"));
  CHECK(layers.read("/etc/group") == "ann:x:7:\n");
  const Layers others;
  others.add("/etc/passwd", "bob:x:7:7:::\n");
  REQUIRE(exec::add_line(others.lower, others.upper, "/etc/passwd", "7", "ann:x:7:7:::"));
  CHECK(others.read("/etc/passwd") == "none");
}
