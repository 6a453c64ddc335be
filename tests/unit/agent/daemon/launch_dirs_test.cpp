#include "agent/daemon/launch_dirs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "agent/daemon/scan.h"
#include "lib/loop/files.h"
#include "lib/wire/launch.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

model::LaunchOrder order_of(uid_t user) {
  model::LaunchOrder order{.key = {.job = model::JobId(7), .attempt = 1, .step = {}},
                           .user = {.uid = user, .gid = user, .name = "tester"},
                           .job = std::make_shared<model::JobSpec>()};
  order.allocation.nodes.push_back({.node = model::NodeId(1),
                                    .name = "n1",
                                    .tasks = 1,
                                    .cores = model::CoreSet::range(0, 1),
                                    .gpus = {},
                                    .memory = {}});
  return order;
}

mode_t mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

void put_report(const std::string& path, const model::LaunchKey& key, uid_t owner) {
  REQUIRE(loop::write_file_atomic(path, wire::encode_report({.key = key}), {}));
  REQUIRE(chown(path.c_str(), owner, owner) == 0);
}

}  // namespace

TEST_CASE("a launch of the agent's own user has one folder, for nobody else") {
  const support::TempFolder node;
  const auto dirs = agentd::LaunchDirs::open(node.path());
  const auto order = order_of(geteuid());
  REQUIRE(dirs->create(order));
  CHECK(mode_of(dirs->path(order.key)) == 0700);
  CHECK_FALSE(dirs->own(order.key).is_users);
  CHECK(dirs->own(order.key).path == dirs->path(order.key));
}

TEST_CASE("what a user left in a launch's folder counts where it is that user's") {
  if (geteuid() != 0) return;  // only root's agents have launches of others
  const support::TempFolder node;
  const auto dirs = agentd::LaunchDirs::open(node.path());
  const auto order = order_of(nobody);
  const auto key = order.key;
  const auto lock = dirs->create(order);
  REQUIRE(lock);
  CHECK(mode_of(node.path()) == 0711);
  CHECK(mode_of(dirs->path(key)) == 0711);
  CHECK(mode_of(dirs->file(key, "order")) == 0600);
  const auto own = dirs->own(key);
  REQUIRE(own.is_users);
  CHECK(own.path == dirs->file(key, "own"));
  CHECK(mode_of(own.path) == 0700);
  REQUIRE(chown(own.path.c_str(), nobody, nobody) == 0);

  put_report(own.file("report"), key, 0);  // by a hard link, perhaps
  CHECK_FALSE(dirs->report(key));
  put_report(own.file("report"), key, nobody);
  CHECK(dirs->report(key));
  CHECK(std::holds_alternative<agent::StillRunning>(agentd::scan(*dirs, false).open.front().state));
  auto other = key;
  other.attempt = 2;
  put_report(own.file("report"), other, nobody);
  CHECK_FALSE(dirs->report(key));
  fs::remove(own.file("report"));
  put_report(node / "elsewhere", key, nobody);
  fs::create_symlink(node / "elsewhere", own.file("report"));
  CHECK_FALSE(dirs->report(key));

  SECTION("the agent's own word comes first, and stays") {
    model::LaunchReport lost{.key = key};
    lost.exit_code = 137;
    REQUIRE(dirs->keep_report(lost));
    CHECK(dirs->report(key)->exit_code == 137);
    REQUIRE(dirs->mark_acknowledged(key));
    REQUIRE(dirs->mark_acknowledged(key));
    CHECK(agentd::scan(*dirs, false).settled.size() == 1);
  }
  SECTION("a report of the user's is acknowledged beside it") {
    fs::remove(own.file("report"));
    put_report(own.file("report"), key, nobody);
    REQUIRE(dirs->mark_acknowledged(key));
    REQUIRE(dirs->mark_acknowledged(key));
    CHECK(agentd::scan(*dirs, false).settled.size() == 1);
    CHECK(fs::exists(own.file("report")));
  }
  REQUIRE(dirs->remove(key));
  CHECK(fs::exists(node / "elsewhere"));
}

TEST_CASE("no user's report says anything about the site's programs") {
  if (geteuid() != 0) return;  // only root's agents have launches of others
  const support::TempFolder node;
  const auto dirs = agentd::LaunchDirs::open(node.path());
  auto order = order_of(nobody);
  order.key.preparation = true;
  REQUIRE(dirs->create(order));
  const auto own = dirs->own(order.key);
  model::LaunchReport forged{.key = order.key, .failure = model::Failure{}};
  forged.failure->cause = model::Cause::prolog;
  forged.is_epilog_due = true;
  forged.epilog_fault = "forged";
  REQUIRE(loop::write_file_atomic(own.file("report"), wire::encode_report(forged), {}));
  REQUIRE(chown(own.file("report").c_str(), nobody, nobody) == 0);
  REQUIRE(chown(own.path.c_str(), nobody, nobody) == 0);
  const auto report = dirs->report(order.key);
  REQUIRE(report);
  CHECK(report->failure->cause == model::Cause::preparation);
  CHECK_FALSE(report->is_epilog_due);
  CHECK(report->epilog_fault.empty());
  CHECK_FALSE(dirs->has_epilog_ended(order.key));
  REQUIRE(dirs->keep_epilog(order.key, "exited with code 4"));
  CHECK(dirs->has_epilog_ended(order.key));
  CHECK(dirs->report(order.key)->epilog_fault == "exited with code 4");
}
