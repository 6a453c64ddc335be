#pragma once
// Points in time as people write them.

#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace request {

/// "now+2hours", "16:00", "16:00:30", "noon", "midnight", "tomorrow", "2026-12-24",
/// "2026-12-24T18:00", in the local time of this machine; "2026-12-24T18:00:00Z" in UTC. A time of
/// day that has passed is that of tomorrow.
/// errors: invalid: the forms that are understood
base::Result<base::Time> parse_when(std::string_view text, base::Time now);

}  // namespace request
