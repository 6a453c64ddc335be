#pragma once
// An amount of something that changes with time, from now on.

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "lib/base/time.h"

namespace policy {

/// start + duration, without overflow.
constexpr base::Time end_of(base::Time start, base::Duration duration) {
  return duration >= base::Time::max() - start ? base::Time::max() : start + duration;
}

constexpr int least_of(int a, int b) {
  return std::min(a, b);
}

/// `Amount` has += and -=, and least_of(a, b) gives the least of each of its parts.
template <class Amount>
class Profile {
 public:
  Profile(base::Time now, Amount free) : steps_{{now, free}} {}

  /// At the first moment.
  const Amount& first() const { return steps_.front().free; }

  /// From then on there is so much more; called in the order of time before anything else.
  void append(base::Time at, const Amount& more) {
    if (steps_.back().from != at) steps_.push_back({at, steps_.back().free});
    steps_.back().free += more;
  }

  /// The least that there is at any moment of [start, end).
  Amount least(base::Time start, base::Time end) const {
    auto step = std::ranges::upper_bound(steps_, start, {}, &Step::from) - 1;
    auto amount = step->free;
    for (++step; step != steps_.end() && step->from < end; ++step)
      amount = least_of(amount, step->free);
    return amount;
  }

  /// Adds all moments from which there is more or less; the first is now.
  void add_changes(std::vector<base::Time>& times) const {
    for (const auto& step : steps_) times.push_back(step.from);
  }

  void take(const Amount& amount, base::Time start, base::Time end) {
    for (auto& step : steps_between(start, end)) step.free -= amount;
  }

  void give(const Amount& amount, base::Time start, base::Time end) {
    for (auto& step : steps_between(start, end)) step.free += amount;
  }

 private:
  /// Until the next step; the last one for ever.
  struct Step {
    base::Time from;
    Amount free;
  };

  /// The step that begins at `at`, made by cutting the one that holds then.
  std::size_t split(base::Time at) {
    const auto next = std::ranges::lower_bound(steps_, at, {}, &Step::from);
    const auto place = static_cast<std::size_t>(next - steps_.begin());
    if (next != steps_.end() && next->from == at) return place;
    steps_.insert(next, {at, steps_[place - 1].free});
    return place;
  }

  std::span<Step> steps_between(base::Time start, base::Time end) {
    const auto first = split(start);
    const auto last = end == base::Time::max() ? steps_.size() : split(end);
    return std::span(steps_).subspan(first, last - first);
  }

  std::vector<Step> steps_;
};

}  // namespace policy
