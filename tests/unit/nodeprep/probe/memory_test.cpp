#include "nodeprep/probe/memory.h"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

namespace fs = std::filesystem;

/// A folder that stands for the root of a machine's files.
class FakeRoot {
 public:
  FakeRoot& file(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return *this;
  }
  std::string path() const { return folder_.path(); }

 private:
  support::TempFolder folder_;
};

}  // namespace

TEST_CASE("without control groups there is no memory limit") {
  CHECK(!probe::memory_limit(FakeRoot().path()));
}

TEST_CASE("the smallest limit on the way up counts") {
  FakeRoot root;
  root.file("proc/self/cgroup", "0::/slice/job\n")
      .file("sys/fs/cgroup/slice/job/memory.max", "max\n")
      .file("sys/fs/cgroup/slice/memory.max", "2147483648\n")
      .file("sys/fs/cgroup/memory.max", "4294967296\n");
  CHECK(probe::memory_limit(root.path()) == base::Bytes(2147483648));
}

TEST_CASE("a control group's own root may carry a limit") {
  FakeRoot root;
  root.file("proc/self/cgroup", "0::/\n").file("sys/fs/cgroup/memory.max", "1073741824\n");
  CHECK(probe::memory_limit(root.path()) == base::Bytes(1073741824));
}

TEST_CASE("version 1 is read where version 2 says nothing, and its largest number is no limit") {
  FakeRoot root;
  root.file("proc/self/cgroup", "7:cpu,memory:/a/b\n0::/\n")
      .file("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(!probe::memory_limit(root.path()));
  root.file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "536870912\n");
  CHECK(probe::memory_limit(root.path()) == base::Bytes(536870912));
}
