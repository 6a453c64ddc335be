#pragma once
// One pass over the kinds of waiting jobs: who starts now, who gets a reservation, who stays.

#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/policy/favour.h"
#include "scheduler/policy/policy.h"
#include "scheduler/policy/preempt.h"
#include "scheduler/policy/served.h"
#include "scheduler/policy/timeline.h"

namespace policy {

class Pass {
 public:
  Pass(const Options& options, const scheduler::View& view, base::Time now);

  scheduler::Plan run();

  /// When a job will start, which is in the queue or could be submitted now.
  model::Advice advise(const scheduler::Job& job);

  /// The heads of all kinds in the order in which run() looks at them.
  std::vector<model::PriorityTerms> priorities();

 private:
  using JobIterator = scheduler::QueuedJobs::const_iterator;

  /// What several kinds want alike.
  struct Wish {
    std::string pool;
    model::NodeChoice choice;

    auto operator<=>(const Wish&) const = default;  // any order, for use as a key
  };
  /// When first asked for.
  struct Open {
    std::optional<std::shared_ptr<const Selection>> to_firm;  // jobs, which will not yield
    std::optional<std::shared_ptr<const Selection>> to_others;
  };
  using Wanted = std::pair<const Wish, Open>;

  /// The oldest job of a kind that the pass has not looked at.
  struct Head {
    bool is_owed;  // others are being ended to make room for it
    int priority;
    bool is_overdue;
    double favour;  // multiplies the rank
    double rank;
    double price;           // under the order served
    base::Duration served;  // by earlier attempts
    model::JobId job;
    base::Time submitted_at;
    const scheduler::JobKind* kind;
    Wanted* wanted;
    base::Duration predicted;
    bool has_claim;                     // it lost a node just now, and held the others
    std::vector<model::NodeId> former;  // that it would rather have again
    int n_left;                         // starts that it still wants; 1 but for an array
    JobIterator at;
    JobIterator end;
  };
  enum class Verdict { started, reserved, blocked };

  using Growers = std::set<std::pair<base::Time, model::JobId>>;

  /// What jobs that stay want and have no reservation for: nobody grows there.
  struct Wants {
    KindSet kinds;                     // empty: none
    std::vector<model::NodeId> nodes;  // of jobs that name theirs
    std::set<std::string> licenses;
    std::vector<std::pair<model::JobId, scheduler::Claims>>
        claims;  // of quotas that stand before them
  };

  static bool comes_later(const Head& a, const Head& b);
  static bool is_longer(const Head& a, const Head& b);

  Head head_of(const scheduler::JobKind& kind, JobIterator at, JobIterator end);
  void turn_to(Head& head, model::JobId job);
  JobIterator first_in_line(JobIterator at, JobIterator end) const;
  void add_alone(model::JobId job, std::vector<Head>& heads);
  void rank(Head& head);
  bool is_overdue(const Head& head);
  std::optional<Request> request_of(const Head& head);
  Wanted* wanted(const std::string& pool, const model::NodeChoice& choice);
  std::shared_ptr<const Selection> open_to(Wanted& wanted, bool is_firm);
  bool would_start(const model::JobSpec& spec);
  /// Where a request is now, and with which layout.
  struct Start {
    model::Layout layout;
    Placement placement;
    bool is_within_quota = true;
  };
  std::optional<Start> place(const Head& head, const Request& request) const;
  bool is_within_quota(const Head& head, const model::Layout& layout, const Request& request,
                       const Placement& placement) const;
  void answer(const Head& head);
  std::optional<Room> find_room(const Head& head, const Request& request, bool is_over_quota);
  void try_in(std::vector<Head> all, bool (*is_after)(const Head&, const Head&));
  Verdict start_by_claim(const Head& head);
  Verdict consider(const Head& head);
  const scheduler::Job& job_of(model::JobId id) const;
  Verdict stay_within_quota(const Head& head, const Request& request,
                            const scheduler::OverLimit& over);
  void keep(model::JobId job, const scheduler::Claims& claims, base::Time start);
  std::optional<Verdict> start(const Head& head, const Request& request);
  bool preempt(const Head& head, const Request& request, bool is_over_quota);
  const std::vector<Candidate>& of_classes(const scheduler::Class& of);
  std::vector<scheduler::Loan> loans_for(const Head& head, const Request& request) const;
  const std::vector<Candidate>& candidates_for(const Head& head, const Request& request);
  bool is_owed(model::JobId job) const { return view_.state.owed.contains(job); }
  bool stands_alone(model::JobId job) const;
  void find_those_back();
  void prefer_former(Head& head) const;
  std::optional<Room> find_room(const Head& head, const Request& request, bool is_over_quota,
                                const std::vector<Candidate>& chosen_from);
  bool is_firm(model::JobId job) const;
  void add_heads(std::vector<Head>& heads);
  model::PriorityTerms terms_of(const Head& head) const;
  bool may_trust(const Head& head) const;
  Verdict wait(const Head& head, const Request& request);
  std::size_t depth_of(const std::string& pool) const;
  Verdict wait_for_quota(const Head& head, const Request& request);
  bool may_reserve(const std::string& pool) const;
  void hold_promised();
  void keep_promised(const scheduler::Job& job, const std::vector<model::NodeId>& nodes,
                     const model::Layout& layout);
  std::optional<Verdict> start_as_promised(const Head& head, const Request& request);
  bool is_there_any_to_grow() const { return !view_.state.growers.empty() && asked_ == nullptr; }
  void leave_nodes_to(const Request& request);
  void leave_quota_to(const Head& head);
  void grow_running();
  void grow_kind(const scheduler::JobKind& kind, const Growers& growers);
  std::shared_ptr<const Selection> open_to_growth(const scheduler::JobKind& kind);
  bool is_one_free(const Request& request) const;
  bool grow(const scheduler::Job& job, const Request& request);
  std::optional<Placement> place_grown(const scheduler::Job& job, const Request& request) const;
  void mark(std::map<scheduler::NodeKind, model::JobId>& first, const Request& request,
            model::JobId job);

  const Options& options_;
  const scheduler::View& view_;
  base::Time now_;
  Timeline timeline_;
  scheduler::Ledger ledger_;
  scheduler::Plan plan_;
  std::map<Wish, Open> wanted_;
  Wanted* last_wanted_ = nullptr;                  // the last that was looked up
  std::map<std::string, std::size_t> n_reserved_;  // by pool asked for
  std::set<std::string> promised_;     // pools asked for by jobs that are overdue or owed, and stay
  std::set<std::string> has_overdue_;  // of these, by overdue jobs
  std::map<std::string, std::vector<Candidate>>
      candidates_;                      // by class of the job that may preempt
  std::vector<Candidate> by_quota_;     // of the job that was looked at last
  std::set<model::JobId> back_;         // in the queue since the last pass, and ran before
  std::set<model::JobId> making_room_;  // by this pass
  int n_vain_searches_ = 0;             // for room
  bool is_any_left_ = false;            // that was looked at
  // Made when first needed.
  std::optional<std::map<std::string, base::Duration>> queue_times_;
  std::optional<std::map<std::string, base::Duration>> drain_times_;
  std::optional<Favour> favour_;  // where the order asks for it
  std::optional<Served> served_;  // likewise
  std::vector<Head> later_;       // to be tried in the order of backfilling
  bool is_backfilling_ = false;
  std::vector<Head> borrowers_;  // to be tried when nobody wants what is lent
  bool is_lending_ = false;
  Wants wants_;  // where any running job may grow
  // Of a question.
  const scheduler::Job* asked_ = nullptr;
  scheduler::JobKind asked_kind_;
  scheduler::QueuedJobs asked_alone_;
  std::optional<model::Advice> advice_;
};

}  // namespace policy
