#pragma once
// One pass over the kinds of waiting jobs: who starts now, who gets a reservation, who stays.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/policy/policy.h"
#include "scheduler/policy/timeline.h"

namespace policy {

class Pass {
 public:
  Pass(const Options& options, const scheduler::View& view, base::Time now);

  scheduler::Plan run();

 private:
  /// The oldest job of a kind that the pass has not looked at.
  struct Head {
    int priority;
    bool is_overdue;
    double rank;
    model::JobId job;
    const scheduler::JobKind* kind;
    base::Duration predicted;
    int n_left;  // starts that it still wants; 1 but for an array
    std::set<model::JobId>::const_iterator at;
    std::set<model::JobId>::const_iterator end;
  };
  enum class Verdict { started, reserved, blocked };

  static bool comes_later(const Head& a, const Head& b);
  static bool is_longer(const Head& a, const Head& b);

  Head head_of(const scheduler::JobKind& kind, const std::set<model::JobId>& jobs);
  int n_starts(model::JobId id) const;
  void rank(Head& head);
  bool is_overdue(const Head& head, const scheduler::Job& job);
  std::optional<Request> request_of(const Head& head) const;
  void try_in(std::vector<Head> heads, bool (*is_after)(const Head&, const Head&));
  Verdict consider(const Head& head);
  bool start(const Head& head, const Request& request);
  bool may_trust(const Head& head) const;
  Verdict wait(const Head& head, const Request& request);
  bool may_reserve(const std::string& pool) const;
  void close(const std::string& pool, model::JobId job);

  const Options& options_;
  const scheduler::View& view_;
  base::Time now_;
  Timeline timeline_;
  scheduler::Plan plan_;
  std::map<std::string, std::size_t> n_reserved_;  // by pool asked for
  std::set<std::string> promised_;                 // pools asked for by overdue jobs that stay
  std::optional<std::map<std::string, base::Duration>> drain_times_;  // made when first needed
  std::vector<Head> later_;  // to be tried in the order of backfilling
  bool is_backfilling_ = false;
};

}  // namespace policy
