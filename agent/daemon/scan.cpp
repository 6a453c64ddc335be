#include "agent/daemon/scan.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "agent/daemon/undying.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"

namespace agentd {

namespace {

std::vector<model::LaunchKey> keys_in(const std::string& root) {
  std::vector<model::LaunchKey> keys;
  const loop::Folder dir(opendir(root.c_str()));
  if (dir == nullptr) return keys;
  while (const dirent* entry = readdir(dir.get())) {
    if (const auto key = model::launch_key_from_text(entry->d_name)) keys.push_back(*key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::optional<base::Time> changed_at(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return base::Time(std::chrono::seconds(status.st_mtim.tv_sec) +
                    std::chrono::microseconds(status.st_mtim.tv_nsec / 1000));
}

// Of an order that cannot be read: as long as any cluster has it (conf/keys.def).
constexpr base::Duration unknown_grace = std::chrono::hours(1);

using State = decltype(agent::Found::state);

using Order = std::shared_ptr<const model::LaunchOrder>;

/// Of a preparation with programs of the site, unless its epilog has ended.
Order order_with_programs(const LaunchDirs& dirs, const model::LaunchKey& key) {
  if (!key.preparation || dirs.has_epilog_ended(key)) return nullptr;
  auto order = dirs.order(key);
  if (!order || !order->site_programs.is_wanted()) return nullptr;
  return std::make_shared<const model::LaunchOrder>(*std::move(order));
}

/// nullopt: its launcher never ran, nor its prolog.
std::optional<State> state_of(const LaunchDirs& dirs, const model::LaunchKey& key,
                              const Order& with_programs, bool rebooted) {
  const base::Time started = changed_at(dirs.file(key, "order")).value_or(base::Time());
  // A report of one that still runs is the word of its user alone.
  if (!rebooted && dirs.is_locked(key)) {
    const auto order = dirs.order(key);
    return agent::StillRunning{.started_at = started,
                               .kill_grace = order ? model::time_to_end(*order) : unknown_grace,
                               .is_prepared = dirs.is_prepared(key)};
  }
  if (auto report = dirs.report(key)) return agent::Reported{*std::move(report)};
  if (!dirs.launcher(key)) {
    const bool has_prolog = with_programs && !with_programs->site_programs.prolog.empty();
    return has_prolog ? std::optional<State>(agent::PrologDue{}) : std::nullopt;
  }
  return agent::LauncherGone{.started_at = started, .rebooted = rebooted};
}

}  // namespace

Scan scan(const LaunchDirs& dirs, bool rebooted) {
  Scan all;
  for (const model::LaunchKey& key : keys_in(dirs.root())) {
    if (const auto at = changed_at(dirs.file(key, "acknowledged"))) {
      all.settled.push_back({*at, key});
      continue;
    }
    auto order = order_with_programs(dirs, key);
    if (auto state = state_of(dirs, key, order, rebooted)) {
      all.open.push_back({key, *std::move(state), std::move(order)});
    } else {
      // Left from an agent that died before it could start the launcher. One that cannot be
      // removed makes the repeated order fail with that reason.
      (void)dirs.remove(key);
    }
  }
  std::sort(all.settled.begin(), all.settled.end());
  return all;
}

std::vector<model::LaunchKey> launches_with_undying(const LaunchDirs& dirs) {
  auto keys = keys_in(dirs.root());
  std::erase_if(keys, [&dirs](const auto& key) { return !has_undying(dirs.path(key)); });
  return keys;
}

base::Result<bool> note_boot(const std::string& node_dir, const std::string& boot_id) {
  const std::string path = node_dir + "/boot";
  const auto before = loop::read_file(path, 4096);
  if (before && base::trim(*before) == boot_id) return false;
  const auto written = loop::write_file_atomic(path, boot_id + "\n", {.mode = 0600, .sync = false});
  if (!written) return std::unexpected(written.error());
  return before.has_value();
}

}  // namespace agentd
