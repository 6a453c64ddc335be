#pragma once
// Times and durations as Slurm's commands write and read them. Pure but for the local time zone.

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace compat {

/// squeue: "0:05", "1:02:03", "2-03:04:05".
std::string short_clock(base::Duration duration);
/// sacct, scontrol: "00:00:05", "2-03:04:05".
std::string long_clock(base::Duration duration);
/// sacct's times of a processor: "00:05.123", and from an hour on "01:00:00".
std::string cpu_clock(base::Duration duration);

/// "2026-11-28T09:00:06" in local time.
std::string local_stamp(base::Time time);
/// The same, with `otherwise` where there is no time.
std::string local_stamp(const std::optional<base::Time>& time, std::string_view otherwise);

/// "Sat Nov 28 09:00:06 2026" and the end of the line: what stands above long listings.
std::string date_line(base::Time time);

/// A time as -S and -E of sacct have it: "HH:MM[:SS]" of today, "MMDD[YY]", "MM/DD[/YY]",
/// "YYYY-MM-DD[THH:MM[:SS]]", "now[-COUNT[UNIT]]", "today", "midnight", "noon".
/// errors: invalid: the forms that are understood
base::Result<base::Time> past_time(std::string_view text, base::Time now);

/// The last midnight.
base::Time midnight_before(base::Time now);

}  // namespace compat
