#include "lib/model/hang_limit.h"

#include <fmt/format.h>

#include <chrono>

#include "lib/base/text.h"
#include "lib/model/job.h"

namespace model {

namespace {

constexpr base::Duration least = std::chrono::seconds(1);
constexpr base::Duration most = std::chrono::days(7);

}  // namespace

std::string to_text(const HangLimit& limit) {
  auto time = base::to_text(limit.after);
  const auto read = base::parse_duration(time);
  if (!read || *read != limit.after) {
    time =
        fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(limit.after).count());
  }
  if (!limit.is_on()) time = "0";
  return limit.output_only ? time + ",output" : time;
}

base::Result<HangLimit> hang_limit_from_text(std::string_view text) {
  const auto comma = text.find(',');
  const auto after = base::parse_duration(text.substr(0, comma));
  HangLimit limit;
  bool is_good = after.has_value();
  if (is_good) limit.after = *after;
  if (comma != std::string_view::npos) {
    limit.output_only = true;
    is_good = is_good && text.substr(comma) == ",output" && limit.is_on();
  }
  const bool is_whole = limit.after % std::chrono::seconds(1) == base::Duration();
  const bool is_between = limit.after >= least && limit.after <= most;
  if (is_good && (!limit.is_on() || (is_whole && is_between))) return limit;
  return base::fail(base::Code::invalid,
                    fmt::format("'{}' is no time after which a step hangs; expected whole seconds "
                                "with a unit, up to 7d, such as 10m, or 10m,output for silence "
                                "alone, or 0 for never",
                                base::printable(text)));
}

HangLimit hang_limit_of(const JobSpec& job, const StepSpec& step) {
  if (step.map_only || (step.terminal && !step.hang_timeout)) return {};
  return step.hang_timeout ? *step.hang_timeout : job.hang_timeout.value_or(HangLimit());
}

}  // namespace model
