#pragma once
// From when on a step that does nothing counts as hanging: "10m", or "10m,output".

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace model {

struct JobSpec;
struct StepSpec;

struct HangLimit {
  base::Duration after{};    // for so long nothing; 0: never
  bool output_only = false;  // using CPU time is doing nothing: for ranks that wait by polling

  bool is_on() const { return after > base::Duration(); }
  bool operator==(const HangLimit&) const = default;
};

/// "10m", "1h,output", "0".
std::string to_text(const HangLimit& limit);

/// A time with a unit, from a second to a week in whole seconds, perhaps followed by ",output"; or
/// 0 alone.
/// errors: invalid
base::Result<HangLimit> hang_limit_from_text(std::string_view text);

/// The step's own; else the job's, but for one on a terminal; never for one that starts nothing.
/// nothing.
HangLimit hang_limit_of(const JobSpec& job, const StepSpec& step);

}  // namespace model
