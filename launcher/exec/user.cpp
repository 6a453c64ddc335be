#include "launcher/exec/user.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "launcher/exec/mount_space.h"
#include "lib/base/text.h"
#include "lib/loop/account.h"

namespace exec {

namespace {

constexpr int cannot_go_on = 1;

void log_in(model::Environment& environment, const loop::Account& user) {
  environment["HOME"] = user.home;
  environment["LOGNAME"] = user.name;
  environment["SHELL"] = user.shell.empty() ? "/bin/sh" : user.shell;
  environment["USER"] = user.name;
}

void log_in(model::LaunchOrder& order, const loop::Account& user) {
  auto job = std::make_shared<model::JobSpec>(*order.job);
  log_in(job->environment, user);
  order.job = std::move(job);
  if (!order.step) return;
  auto step = std::make_shared<model::StepSpec>(*order.step);
  log_in(step->environment, user);
  order.step = std::move(step);
}

/// In the run folder, for sockets of heads and what nodes share: it bears the user's number.
base::Result<void> make_run_folder(std::string_view path, const loop::Account& user) {
  if (path.starts_with("unix:")) path.remove_prefix(5);
  const std::string folder(path.substr(0, path.rfind('/')));
  if (!folder.ends_with("/" + std::to_string(user.uid))) return {};
  return loop::make_folder_of(user, folder);
}

base::Result<void> make_run_folders(const Launch& launch, const loop::Account& user) {
  auto made = make_run_folder(launch.order.head_address, user);
  return made ? make_run_folder(launch.order.shared_tmp, user) : made;
}

/// What is mounted for the job is below the user's own folder, so nothing that this process loads
/// or opens for itself is ever the user's.
base::Result<void> prepare_mounts(Launch& launch, const loop::Account& user) {
  const auto& mounts = launch.order.job->preparation.mounts;
  if (!launch.order.key.preparation || mounts.empty()) return {};
  if (auto entered = MountSpace::enter(); !entered) return std::unexpected(entered.error());
  auto mounter = Mounter::start({.user = user,
                                 .mounts = mounts,
                                 .folder = launch.dir.own_of(launch.order.key),
                                 .root = launch.place.job_mounts,
                                 .limit = launch.order.job->preparation.mount_limit});
  if (!mounter) return std::unexpected(std::move(mounter).error());
  launch.mounter.emplace(std::move(*mounter));
  return {};
}

base::Result<void> prepare_container(Launch& launch, const loop::Account& user) {
  if (!launch.order.key.preparation || !launch.order.job->preparation.has_image()) return {};
  auto space = OwnSpace::make(user.uid, user.gid);
  if (!space) return std::unexpected(std::move(space).error());
  launch.own_space.emplace(std::move(*space));
  return {};
}

}  // namespace

base::Result<void> hand_over(Launch& launch) {
  const auto& user = launch.order.user;
  if (user.uid == geteuid()) {
    loop::Account own;
    own.uid = geteuid();
    own.gid = getegid();
    own.name = user.name;
    return make_run_folders(launch, own);
  }
  if (geteuid() != 0) {
    return base::fail(base::Code::denied,
                      "the node's agent runs as user " + std::to_string(geteuid()) +
                          ", and the job is that of " + base::printable(user.name) + " (" +
                          std::to_string(user.uid) +
                          "); only an agent that runs as root starts jobs of other users");
  }
  auto account = loop::find_account(user);
  if (!account) return std::unexpected(std::move(account).error());
  auto given = make_run_folders(launch, *account);
  if (given && launch.group) given = launch.group->hand_over(account->uid);
  if (given) given = launch.dir.hand_over(*account);
  if (given) given = prepare_mounts(launch, *account);
  if (given) given = prepare_container(launch, *account);
  if (given) launch.account.emplace(*std::move(account));
  return given;
}

base::Result<void> become_user(Launch& launch) {
  if (!launch.account) return {};
  if (auto became = loop::become(*launch.account); !became) {
    // Root has nothing to write any more where the user may be at work. The agent reads this.
    const std::string line = "muster-launch: " + became.error().text + "\n";
    (void)!write(STDERR_FILENO, line.data(), line.size());
    _exit(cannot_go_on);
  }
  // Libraries of this process find no settings of the user's, which could name code to be loaded.
  setenv("HOME", "/", 1);
  log_in(launch.order, *launch.account);
  return {};
}

}  // namespace exec
