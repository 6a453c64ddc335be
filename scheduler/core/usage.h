#pragma once
// What jobs have used, by user and workspace: by days, so that old use can count for less; and what
// they hold now. All sums are of whole numbers, so their order does not matter and a replay has the
// same.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "lib/model/layout.h"

namespace scheduler {

using Owner = std::pair<std::uint32_t, std::string>;  // user and workspace

struct Amount {
  base::Duration core_time{};
  base::Duration gpu_time{};

  bool operator==(const Amount&) const = default;
};

class Usage {
 public:
  using Day = std::chrono::sys_days;
  static constexpr std::chrono::days remembered{100};

  /// What was held from one time to another counts for the days between.
  void add(const Owner& owner, base::Time from, base::Time to, int cores, int gpus);
  void add(const Owner& owner, Day day, const Amount& amount);

  const std::map<Owner, std::map<Day, Amount>>& by_owner() const { return by_owner_; }

  bool operator==(const Usage&) const = default;

 private:
  std::map<Owner, std::map<Day, Amount>> by_owner_;
};

/// What active attempts of an owner hold, and since when.
struct Holding {
  int n_jobs = 0;
  std::int64_t cores = 0;
  std::int64_t gpus = 0;
  std::int64_t core_starts = 0;  // cores x start, in seconds since 1970
  std::int64_t gpu_starts = 0;

  void add(const model::Allocation& allocation, base::Time start);
  void remove(const model::Allocation& allocation, base::Time start);
  /// Of all that it holds, from the starts until now.
  Amount until(base::Time now) const;

  bool operator==(const Holding&) const = default;
};

}  // namespace scheduler
