#pragma once
// When the ranks of a node last did something: wrote output, or used CPU time.
//
// A rank uses CPU time if that of its processes is more than noise, in the time since the look
// before or since it last did something: 1 % of a core, and two ticks of the kernel's count more.

#include <cstddef>
#include <optional>
#include <vector>

#include "lib/base/time.h"

namespace mapping {

/// All times count from the start of the ranks, on a clock that is never set.
class Activity {
 public:
  /// With `output_only`, CPU time is noted but is no activity.
  Activity(std::size_t n_ranks, bool output_only);

  // By place of the rank.
  void wrote(std::size_t rank, base::Duration at);
  /// `cpu` is all that its processes have used until now.
  void used(std::size_t rank, base::Duration cpu, base::Duration at);
  /// Something else of the node is not idle.
  void stirred(base::Duration at);

  /// For how long no rank has done anything.
  base::Duration idle(base::Duration at) const;
  base::Duration cpu(std::size_t rank) const { return ranks_[rank].cpu; }
  std::optional<base::Duration> last_output(std::size_t rank) const { return ranks_[rank].wrote; }

 private:
  struct Rank {
    base::Duration cpu{};
    base::Duration looked{};
    base::Duration cpu_when_active{};
    base::Duration active{};
    std::optional<base::Duration> wrote;
  };

  std::vector<Rank> ranks_;
  base::Duration active_{};  // the last of all
  bool output_only_ = false;
};

}  // namespace mapping
