#include "scheduler/daemon/step_access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "scheduler/daemon/paths.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

mode_t mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("heads of other users' steps listen in folders of theirs") {
  const musterd::StepAccess access("/d/run", "key");
  const model::LaunchKey step{.job = model::JobId(17), .attempt = 1, .step = model::StepId(0)};
  const auto own = geteuid();
  const auto theirs = std::to_string(own + 1);
  CHECK(access.head_place(step, own, {}).local == "unix:/d/run/17.1.0.sock");
  CHECK(access.head_place(step, own + 1, {}).local == "unix:/d/run/" + theirs + "/17.1.0.sock");
  CHECK(access.head_place(step, own + 1, "10.0.0.1").local == "unix:" + theirs + "/17.1.0.sock");
  CHECK(access.in_run_dir("tmp-17.1", own + 1, false) == "/d/run/" + theirs + "/tmp-17.1");
  CHECK(access.in_run_dir("tmp-17.1", own + 1, true) == theirs + "/tmp-17.1");
}

TEST_CASE("the state directory is its owner's, or lets all users through") {
  const support::TempFolder folder;
  const musterd::Paths paths{folder / "cluster"};
  REQUIRE(musterd::make_folders(paths));
  CHECK(mode_of(paths.dir) == 0700);
  REQUIRE(musterd::make_folders(paths, true));
  for (const auto& open : {paths.dir, paths.run_dir(), paths.nodes_dir()})
    CHECK(mode_of(open) == 0711);
  CHECK(mode_of(paths.log_dir()) == 0700);
  REQUIRE(musterd::make_folders(paths));
  CHECK(mode_of(paths.run_dir()) == 0700);
  const musterd::Paths deep{folder / std::string(70 - folder.path().size(), 'd')};
  CHECK(musterd::make_folders(deep));
  CHECK(musterd::make_folders(deep, true).error().code == base::Code::invalid);
}
