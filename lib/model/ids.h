#pragma once
// The identifiers of jobs, nodes and steps, and the key that names one launch on one node.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/id.h"
#include "lib/base/result.h"

namespace model {

using JobId = base::Id<struct JobTag>;    // 1, 2, 3 ...; never reused
using NodeId = base::Id<struct NodeTag>;  // given by the controller when a node first joins
using StepId = base::Id<struct StepTag>;  // 0, 1, 2 ... inside an attempt
using Seq = std::uint64_t;                // place of a fact in the journal, from 1

using base::to_text;

/// One start of something on one node: a job's batch script (no step), its part of a step, or its
/// preparation (no step either). `attempt` counts the starts of the job from 1, so that a late word
/// about an earlier one is recognised.
struct LaunchKey {
  JobId job;
  std::uint32_t attempt = 1;
  std::optional<StepId> step;
  bool preparation = false;

  auto operator<=>(const LaunchKey&) const = default;
};

/// Of a batch script?
inline bool is_script(const LaunchKey& key) {
  return !key.step && !key.preparation;
}

/// "17.1.batch", "17.1.0" or "17.1.prepare"; also the name of the launch's directory.
std::string to_text(const LaunchKey& key);

/// errors: invalid for anything that to_text does not write
base::Result<LaunchKey> launch_key_from_text(std::string_view text);

}  // namespace model
