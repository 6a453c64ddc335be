#pragma once
// Who comes first under the order served, which knows no run times: what one end is expected to
// cost, by how long jobs alike lived, and how long the job itself has been served.

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/core/view.h"
#include "scheduler/policy/preempt.h"

namespace policy {

class Served {
 public:
  /// The lives that go on count as well as those that have ended: what has run for long shows that
  /// jobs like it can.
  /// cost: O(active jobs + jobs that ran before and wait)
  Served(const scheduler::View& view, base::Duration slice, base::Time now);

  /// The work, in seconds x cores (a GPU counts as some), that is expected to be spent on a job of
  /// this kind for one end, if it is stopped at the best time: the reciprocal of its Gittins index
  /// (Gittins, J. R. Stat. Soc. B 1979). It is the same within a band of ages, and rises with the
  /// age as long as fewer and fewer jobs alike end.
  /// cost: O(log circles), the first of a kind and band: O(bands)
  double price(const scheduler::JobKind& kind, base::Duration served);

  /// Prices in steps of a factor of two: the level that `muster priority` shows as a rank.
  static double rank_of(double price);

  /// Has a job that asked for this pool ("": any) waited longer, all its waits together, than twice
  /// what all the work that is there would take, and a day? Every job is taken to run for as long
  /// as its likes, and nobody longer than anybody has.
  bool is_overdue(const std::string& pool, base::Duration waited);

  /// A running job that may be ended by this order, if somebody ranks clearly higher.
  struct Yielding {
    const scheduler::Job* job;
    int priority;
    double price;
  };

  /// Of the classes that yield; each saves its work, has run for a slice since it started, was not
  /// preempted as often as its class allows, and was not overdue.
  /// cost: O(active jobs)
  const std::vector<Yielding>& yielding();

  /// Whom a job of this priority and price may end, in the order of what they would bring: the
  /// fewest ends for their time first.
  std::vector<Candidate> candidates(int priority, double price);

  /// Will a job of this kind, once it runs, make room for those that rank higher?
  bool will_yield(const scheduler::Job& job) const;

  /// The next time at which a running job may have become one to be ended for others.
  std::optional<base::Time> next_change() const;

 private:
  using Hazards = std::array<double, scheduler::LifeTable::n_bands>;  // ends per second

  void count_living();
  base::Duration left(const scheduler::JobKind& kind, base::Duration served);
  const Hazards& hazards_of(const scheduler::JobKind& kind);
  Hazards blend(const Hazards& wider, const scheduler::Circle& circle) const;

  const scheduler::View& view_;
  base::Duration slice_;
  base::Time now_;
  std::map<scheduler::Circle, scheduler::LifeTable> living_;
  std::size_t oldest_ = 0;                        // band that anybody has reached
  std::map<scheduler::Circle, Hazards> hazards_;  // by the narrowest circle
  std::map<std::pair<scheduler::Circle, std::size_t>, double> spans_;  // prices of one core
  // Made when first needed.
  std::optional<std::vector<Yielding>> yielding_;
  std::optional<std::map<std::string, base::Duration>> drain_times_;  // by pool asked for
};

}  // namespace policy
