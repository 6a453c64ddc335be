#include "cli/request/preparation_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/request/table.h"
#include "lib/base/text.h"

namespace request {

namespace {

constexpr std::array ids{OptionId::prepare,       OptionId::prepare_timeout, OptionId::mount,
                         OptionId::mount_timeout, OptionId::job_tmp,         OptionId::shared_tmp};

base::Result<void> set_time(const options::Given& given, base::Duration& target) {
  const auto time = base::parse_duration(given.value);
  if (!time || *time < std::chrono::seconds(1)) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected a time of a second or more, such as 5m, found '{}'",
                                  given.written, base::printable(given.value)));
  }
  target = *time;
  return {};
}

base::Result<void> add_mount(const options::Given& given, model::Preparation& preparation) {
  auto mount = model::mount_from_text(given.value);
  if (!mount) return std::unexpected(mount.error().in(given.written));
  const auto same = std::ranges::find(preparation.mounts, mount->target, &model::Mount::target);
  if (same != preparation.mounts.end()) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: something is mounted on '{}' already: "
                                  "{}; give another target",
                                  given.written, mount->target, to_text(*same)));
  }
  preparation.mounts.push_back(std::move(*mount));
  return {};
}

base::Result<void> set_command(const options::Given& given, std::string& target) {
  const bool is_line = !given.value.empty() && given.value.find('\0') == std::string::npos;
  if (!is_line) {
    return base::fail(base::Code::invalid,
                      given.written + ": expected a line of shell, such as ./prepare.sh");
  }
  target = given.value;
  return {};
}

}  // namespace

bool is_of_preparation(const options::Given& given) {
  return std::ranges::find(ids, static_cast<OptionId>(given.id)) != ids.end();
}

base::Result<void> apply(const options::Given& given, model::Preparation& preparation) {
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::prepare) return set_command(given, preparation.command);
  if (id == OptionId::prepare_timeout) return set_time(given, preparation.time_limit);
  if (id == OptionId::mount_timeout) return set_time(given, preparation.mount_limit);
  if (id == OptionId::mount) return add_mount(given, preparation);
  (id == OptionId::job_tmp ? preparation.has_job_tmp : preparation.has_shared_tmp) = true;
  return {};
}

}  // namespace request
