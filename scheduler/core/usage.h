#pragma once
// What jobs have used, by user and workspace: by days, so that old use can count for less; and what
// they hold now. All sums are of whole numbers, so their order does not matter and a replay has the
// same.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
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

  /// What one owner used, by days.
  class Days {
   public:
    void add(Day day, const Amount& amount);
    const std::map<Day, Amount>& by_day() const { return by_day_; }

    /// In seconds x cores, a GPU counting as so many; what was used a half-life ago counts half.
    /// cost: O(days) at the first call of a day and after each change, else O(1)
    double recent(Day today, base::Duration half_life, double cores_per_gpu) const;

    bool operator==(const Days& other) const { return by_day_ == other.by_day_; }

   private:
    struct Known {
      Day today;
      base::Duration half_life;
      double cores_per_gpu;
      double recent;
    };
    std::map<Day, Amount> by_day_;
    mutable std::optional<Known> known_;  // the last answer, while it is right
  };

  const std::map<Owner, Days>& by_owner() const { return by_owner_; }

  bool operator==(const Usage&) const = default;

 private:
  std::map<Owner, Days> by_owner_;
};

/// In seconds x cores, a GPU counting as so many.
double weigh(const Amount& amount, double cores_per_gpu);

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
