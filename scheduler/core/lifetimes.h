#pragma once
// How long jobs lived that have ended, as life tables: how much time was lived at each age, and how
// many lives ended there. Made from the ended jobs that the state still keeps, like the history.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "scheduler/core/job.h"
#include "scheduler/core/kind.h"

namespace scheduler {

/// Ages are told apart by bands, each of which ends at twice the age of the one before: one minute,
/// two, four. All sums are of whole numbers, so their order does not matter.
class LifeTable {
 public:
  static constexpr std::size_t n_bands = 24;  // the last one has no end

  static std::size_t band_of(base::Duration age);
  static base::Duration begin_of(std::size_t band);

  /// A life until this age, which ended there or goes on.
  void add(base::Duration age, bool has_ended);
  void remove(base::Duration age, bool has_ended);

  std::int64_t lived_s(std::size_t band) const { return lived_s_[band]; }  // by all, in seconds
  std::int64_t n_ended(std::size_t band) const { return n_ended_[band]; }

  bool operator==(const LifeTable&) const = default;

 private:
  void change(base::Duration age, bool has_ended, int by);

  std::array<std::int64_t, n_bands> lived_s_{};
  std::array<std::int64_t, n_bands> n_ended_{};
};

/// Of a request.
struct Size {
  int cores = 0;
  int gpus = 0;

  auto operator<=>(const Size&) const = default;  // any order, for use as a key
};

/// A circle of jobs that end alike; an absent field is shared by all.
struct Circle {
  std::optional<Size> size;
  std::optional<std::uint32_t> uid;
  std::string family;

  auto operator<=>(const Circle&) const = default;  // any order, for use as a key
};

/// Everybody; jobs of the same size; of these the user's; of these the same family of names.
std::vector<Circle> circles_of(const JobKind& kind);

Size size_of(const model::Layout& layout);

/// For how long the job's attempts have run until now, or until it ended.
base::Duration served_time(const Job& job, base::Time now);

class Lifetimes {
 public:
  /// Takes a job that has ended; one that never started teaches nothing.
  void learn(const Job& job);

  /// Drops one that was learnt from.
  void forget(const Job& job);

  /// nullptr: nothing is known.
  const LifeTable* of(const Circle& circle) const;

  bool operator==(const Lifetimes&) const = default;

 private:
  struct Known {
    LifeTable table;
    std::size_t n = 0;

    bool operator==(const Known&) const = default;
  };
  std::map<Circle, Known> known_;
};

}  // namespace scheduler
