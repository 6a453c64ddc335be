#include "agent/daemon/retention.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace agentd {

namespace {

constexpr std::size_t key_list_limit = std::size_t{64} << 20;

std::vector<model::LaunchKey> read_keys(const std::string& path, std::size_t most) {
  std::vector<model::LaunchKey> keys;
  const auto text = loop::read_file(path, key_list_limit);
  if (!text) return keys;
  for (const auto line : base::split(*text, '\n')) {
    // A line that is none was cut by a full disk.
    if (const auto key = model::launch_key_from_text(line)) keys.push_back(*key);
  }
  if (keys.size() > most) {
    keys.erase(keys.begin(), keys.end() - static_cast<std::ptrdiff_t>(most));
  }
  return keys;
}

std::string as_lines(const std::vector<model::LaunchKey>& keys) {
  std::string text;
  for (const model::LaunchKey& key : keys) text += model::to_text(key) + "\n";
  return text;
}

}  // namespace

base::Result<Retention> Retention::open(const std::string& node_dir, RetentionLimits limits) {
  Retention retention(node_dir + "/forgotten", limits);
  retention.forgotten_ = read_keys(retention.path_, limits.forgotten_keys);
  const auto written = retention.rewrite(retention.forgotten_);
  if (!written) return std::unexpected(written.error());
  return retention;
}

base::Result<void> Retention::rewrite(const std::vector<model::LaunchKey>& keys) {
  const auto written =
      loop::write_file_atomic(path_, as_lines(keys), {.mode = 0600, .sync = false});
  if (!written) return written;
  file_ = loop::OwnedFd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file_) return base::fail_errno(errno, "cannot open '" + path_ + "'");
  n_lines_ = keys.size();
  return {};
}

void Retention::add(const model::LaunchKey& key, base::Time at) {
  kept_.push_back({key, at});
}

/// The key is remembered first: a crash in between leaves a directory, never a key unknown.
base::Result<void> Retention::prune(base::Time now, std::size_t most, const Rules& rules) {
  for (; most > 0 && !kept_.empty(); --most) {
    if (rules.is_needed(kept_.front().key)) {
      kept_.push_back({kept_.front().key, now});
      kept_.pop_front();
      continue;
    }
    const bool too_many = kept_.size() > limits_.directories;
    if (!too_many && kept_.front().at + limits_.age > now) break;
    const model::LaunchKey key = kept_.front().key;
    kept_.pop_front();
    if (auto forgotten = forget(key); !forgotten) return forgotten;
    rules.remove(key);
  }
  return {};
}

base::Result<void> Retention::forget(const model::LaunchKey& key) {
  const std::string line = model::to_text(key) + "\n";
  if (write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return base::fail_errno(errno, "cannot remember that " + model::to_text(key) + " has ended");
  }
  if (++n_lines_ > 2 * limits_.forgotten_keys) {
    return rewrite(read_keys(path_, limits_.forgotten_keys));
  }
  return {};
}

}  // namespace agentd
