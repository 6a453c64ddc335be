#pragma once
// How many of each license are free from now on.

#include <map>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "scheduler/core/view.h"
#include "scheduler/policy/profile.h"

namespace policy {

/// nullptr for the licenses of a request stands for none.
class FreeLicenses {
 public:
  /// cost: O(active jobs that hold licenses)
  FreeLicenses(const scheduler::View& view, base::Time now);

  bool are_free(const model::Licenses* wanted, base::Time start, base::Time end) const;

  /// Adds the moments from which there are more or fewer of them.
  void add_changes(const model::Licenses* wanted, std::vector<base::Time>& times) const;

  void take(const model::Licenses* licenses, base::Time start, base::Time end);
  void give(const model::Licenses* licenses, base::Time start, base::Time end);

 private:
  std::map<std::string, Profile<int>> free_;
};

}  // namespace policy
