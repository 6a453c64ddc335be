#include "cli/request/preparation_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/request/table.h"
#include "lib/base/text.h"

namespace request {

namespace {

constexpr std::array ids{
    OptionId::prepare,       OptionId::prepare_timeout, OptionId::mount,
    OptionId::mount_timeout, OptionId::job_tmp,         OptionId::job_tmp_limit,
    OptionId::epilog,        OptionId::epilog_timeout,  OptionId::shared_tmp,
    OptionId::image,         OptionId::image_runtime,   OptionId::image_auth,
    OptionId::image_timeout, OptionId::shm_size};

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

base::Result<void> set_image(const options::Given& given, model::Image& image) {
  auto wanted = image;
  wanted.reference = given.value;
  if (wanted.reference.empty())
    return base::fail(base::Code::invalid,
                      given.written + ": expected an image, such as /images/debian");
  if (auto fine = model::check(wanted); !fine)
    return std::unexpected(fine.error().in(given.written));
  image = std::move(wanted);
  return {};
}

base::Result<void> set_runtime(const options::Given& given, model::Image& image) {
  const auto runtime = model::container_runtime_from_text(given.value);
  if (!runtime) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected auto, bubblewrap, charliecloud, apptainer or "
                                  "podman, found '{}'",
                                  given.written, base::printable(given.value)));
  }
  image.runtime = *runtime;
  return {};
}

base::Result<void> set_auth(const options::Given& given, model::Image& image) {
  if (!given.value.starts_with('/')) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected the absolute path of a file, found '{}'",
                                  given.written, base::printable(given.value)));
  }
  image.auth = given.value;
  return {};
}

base::Result<void> set_size(const options::Given& given, base::Bytes& target) {
  const auto size = base::parse_memory(given.value);
  if (!size) return std::unexpected(base::Error(size.error()).in(given.written));
  if (*size == base::Bytes())
    return base::fail(base::Code::invalid, given.written + ": expected a size above 0");
  target = *size;
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
  if (id == OptionId::image) return set_image(given, preparation.image);
  if (id == OptionId::image_runtime) return set_runtime(given, preparation.image);
  if (id == OptionId::image_auth) return set_auth(given, preparation.image);
  if (id == OptionId::image_timeout) return set_time(given, preparation.image.time_limit);
  if (id == OptionId::shm_size) return set_size(given, preparation.image.shm);
  if (id == OptionId::epilog) return set_command(given, preparation.epilog);
  if (id == OptionId::epilog_timeout) return set_time(given, preparation.epilog_limit);
  if (id == OptionId::job_tmp_limit) {
    preparation.has_job_tmp = true;
    return set_size(given, preparation.job_tmp_limit);
  }
  (id == OptionId::job_tmp ? preparation.has_job_tmp : preparation.has_shared_tmp) = true;
  return {};
}

}  // namespace request
