#include "lib/model/ids.h"

#include <fmt/format.h>

#include <limits>

#include "lib/base/text.h"

namespace model {

std::string to_text(const LaunchKey& key) {
  return fmt::format("{}.{}.{}", key.job.number(), key.attempt,
                     key.step          ? std::to_string(key.step->number())
                     : key.preparation ? "prepare"
                                       : "batch");
}

base::Result<LaunchKey> launch_key_from_text(std::string_view text) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  const auto parts = base::split(text, '.');
  if (parts.size() == 3) {
    const auto job = base::parse_int(parts[0], 1, most);
    const auto attempt = base::parse_int(parts[1], 1, most);
    const auto step = base::parse_int(parts[2], 0, most);
    const bool is_preparation = parts[2] == "prepare";
    if (job && attempt && (step || is_preparation || parts[2] == "batch")) {
      LaunchKey key{
          JobId(static_cast<std::uint32_t>(*job)), static_cast<std::uint32_t>(*attempt), {}};
      key.preparation = is_preparation;
      if (step) key.step = StepId(static_cast<std::uint32_t>(*step));
      return key;
    }
  }
  return base::fail(
      base::Code::invalid,
      fmt::format("'{}' does not name a launch; expected JOB.ATTEMPT.STEP, such as 17.1.0, "
                  "17.1.batch or 17.1.prepare",
                  base::printable(text)));
}

}  // namespace model
