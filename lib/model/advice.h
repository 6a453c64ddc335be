#pragma once
// When a request would start, and what would let it start now.

#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/quota.h"

namespace model {

/// An option that would do, as it is given to submit.
struct Change {
  std::string option;  // "--time"
  std::string value;   // "30m"

  bool operator==(const Change&) const = default;
};

struct Advice {
  bool starts_now = false;
  std::optional<base::Time> start;  // not now: by the time limits of what runs and is reserved;
                                    // absent: nobody can tell
  std::vector<JobId> victims;       // that would make room for it until then
  std::optional<Quota> quota;       // that stands before it
  std::vector<Change> changes;      // any one of these would let it start now

  bool operator==(const Advice&) const = default;
};

}  // namespace model
