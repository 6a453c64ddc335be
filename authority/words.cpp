#include "authority/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "lib/base/text.h"

namespace authority {

namespace {

constexpr std::array all{
    options::Option{dir_id, "dir", 0, "DIR",
                    "State directory of the cluster, or of join: folder of the node."},
    options::Option{name_id, "name", 0, "NAME", "init: name of the cluster. Left out: muster."},
    options::Option{listen_id, "listen", 0, "HOST:PORT",
                    "init: where machines dial in. Left out: 0.0.0.0:7443."},
    options::Option{pool_id, "pool", 'p', "NAME",
                    "add: pool of the node. Left out: the first static one of muster.toml."},
    options::Option{
        life_id, "life", 0, "TIME",
        "add: how long its certificates are good, such as 90d, which is the default. Agents "
        "renew them when a third of it is left."},
    options::Option{within_id, "within", 0, "TIME",
                    "add: how long the token is good. Left out: 1d."},
    options::Option{address_id, "address", 0, "HOST:PORT",
                    "add: where the machine reaches the controller. Left out: listen.address of "
                    "muster.toml."},
    options::Option{wait_id, "wait", 0, "TIME",
                    "join: how long to go on trying while the controller cannot be reached. Left "
                    "out: once."},
    options::Option{help_id, "help", 'h', "", "Print these options."},
};

}  // namespace

std::span<const options::Option> table() {
  return all;
}

std::optional<std::string> Words::text(int id) const {
  const auto* given = options::find(line, id);
  return given == nullptr ? std::nullopt : std::optional(given->value);
}

base::Result<std::string> Words::dir() const {
  const auto given = text(dir_id);
  if (!given) return state_dir;
  if (given->empty()) return base::fail(base::Code::invalid, "--dir: expected a directory");
  return std::filesystem::absolute(*given).lexically_normal().string();
}

base::Result<base::Duration> Words::duration(int id, base::Duration otherwise, base::Duration low,
                                             base::Duration high) const {
  const auto* given = options::find(line, id);
  if (given == nullptr) return otherwise;
  const auto duration = base::parse_duration(given->value);
  if (!duration) return std::unexpected(duration.error().in(given->written));
  if (*duration >= low && *duration <= high) return *duration;
  return base::fail(
      base::Code::invalid,
      fmt::format("{}: expected {} to {}, found '{}'", given->written, base::to_text(low),
                  base::to_text(high), base::printable(given->value)));
}

base::Result<std::string> Words::operand(std::string_view what) const {
  if (line.rest.size() == 1) return line.rest.front();
  return base::fail(base::Code::invalid, fmt::format("expected {}, found {}", what,
                                                     line.rest.empty() ? "nothing" : "more"));
}

base::Result<void> only(const Words& words, std::span<const int> ids) {
  for (const auto& given : words.line.given) {
    if (std::ranges::find(ids, given.id) != ids.end()) continue;
    return base::fail(base::Code::invalid,
                      fmt::format("{}: not an option of this command", given.written));
  }
  return {};
}

}  // namespace authority
