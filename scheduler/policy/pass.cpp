#include "scheduler/policy/pass.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "scheduler/policy/advise.h"
#include "scheduler/policy/avoid.h"
#include "scheduler/policy/backlog.h"
#include "scheduler/policy/explain_quota.h"
#include "scheduler/policy/rank.h"

namespace policy {

using scheduler::Plan;

namespace {

/// Searches for room that come to nothing in one pass; each looks at all nodes.
constexpr int most_vain_searches = 16;

/// A shorter time limit is no help to anybody.
constexpr base::Duration shortest_advice = std::chrono::minutes(1);

/// Mends a heap whose first comes later than it did: as a rule not by much.
template <class T, class Compare>
void sink_first(std::vector<T>& heap, Compare comes_after) {
  for (std::size_t at = 0, below = 1; below < heap.size(); below = 2 * at + 1) {
    if (below + 1 < heap.size() && comes_after(heap[below], heap[below + 1])) ++below;
    if (!comes_after(heap[at], heap[below])) return;
    std::swap(heap[at], heap[below]);
    at = below;
  }
}

}  // namespace

Pass::Pass(const Options& options, const scheduler::View& view, base::Time now)
    : options_(options), view_(view), now_(now), timeline_(view, now), ledger_(view.state, now) {
  if (options.order == Order::predicted) favour_.emplace(options.weights, view, now);
  if (options.order == Order::served) served_.emplace(view, options.slice, now);
}

bool Pass::comes_later(const Head& a, const Head& b) {
  if (a.is_owed != b.is_owed) return b.is_owed;
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.has_claim != b.has_claim) return b.has_claim;
  if (a.is_overdue != b.is_overdue) return b.is_overdue;
  if (!a.is_overdue && a.rank != b.rank) return a.rank < b.rank;
  return a.job > b.job;
}

bool Pass::is_longer(const Head& a, const Head& b) {
  const auto of_a = duration_of(*a.kind);
  const auto of_b = duration_of(*b.kind);
  return of_a != of_b ? of_a > of_b : a.job > b.job;
}

/// Of the job at which the rest of a kind begins.
Pass::Head Pass::head_of(const scheduler::JobKind& kind, JobIterator at, JobIterator end) {
  const bool is_asked = options_.order == Order::predicted || options_.order == Order::served;
  Head head{
      .is_owed = false,
      .priority = view_.classes.of(kind.class_name).base + kind.priority,
      .is_overdue = false,
      .favour = favour_ ? favour_->of(kind) : 1,
      .rank = 0,
      .price = 0,
      .served = {},
      .job = *at,
      .submitted_at = {},
      .kind = &kind,
      .wanted = wanted(kind.pool, kind.avoided.empty() ? kind.choice : choice_now(timeline_, kind)),
      .predicted = is_asked ? view_.state.history.predict(kind) : base::Duration(),
      .has_claim = false,
      .former = {},
      .n_left = 1,
      .at = at,
      .end = end};
  turn_to(head, *at);
  return head;
}

void Pass::turn_to(Head& head, model::JobId id) {
  const auto& job = job_of(id);
  head.job = id;
  head.submitted_at = job.submitted_at;
  head.n_left = job.tasks ? job.tasks->startable : 1;
  rank(head);
}

void Pass::rank(Head& head) {
  if (options_.order == Order::fcfs) return;
  head.rank =
      rank_of(options_.order, *head.kind, head.predicted, now_ - head.submitted_at) * head.favour;
  if (served_) {
    const bool is_new = !view_.state.returned.contains(head.job);
    head.served =
        is_new ? base::Duration() : scheduler::served_time(view_.state.jobs.at(head.job), now_);
    head.price = served_->price(*head.kind, head.served);
    head.rank = Served::rank_of(head.price);
  }
  head.is_overdue = is_overdue(head);
}

/// One job of a pool at a time: when the longest overdue one stays, the others keep their ranks.
bool Pass::is_overdue(const Head& head) {
  const auto wait = now_ - head.submitted_at - head.served;
  if ((options_.order != Order::predicted && !served_) || wait <= patience) return false;
  if (has_overdue_.contains(head.kind->pool)) return false;
  if (served_) return served_->is_overdue(head.kind->pool, wait);
  if (!queue_times_) queue_times_ = queue_times(view_);
  if (!policy::is_overdue(wait, queue_times_->at(head.kind->pool))) return false;
  if (!drain_times_) drain_times_ = drain_times(view_, now_);
  return policy::is_overdue(wait, drain_times_->at(head.kind->pool));
}

Plan Pass::run() {
  hold_promised();
  std::vector<Head> heads;
  add_heads(heads);
  try_in(std::move(heads), comes_later);
  is_backfilling_ = true;
  try_in(std::exchange(later_, {}), is_longer);
  is_lending_ = true;
  try_in(std::exchange(borrowers_, {}), comes_later);
  if (served_ && is_any_left_) plan_.again = served_->next_change();
  if (asked_ == nullptr) grow_running();
  return std::move(plan_);
}

/// A pass up to the turn of the job that is asked about; it is over then.
model::Advice Pass::advise(const scheduler::Job& job) {
  asked_ = &job;
  asked_kind_ = kind_of(job);
  asked_alone_.insert(job.id);
  plan_ = run();
  if (!advice_)  // its turn did not come
    answer(head_of(asked_kind_, asked_alone_.begin(), asked_alone_.end()));
  return std::move(*advice_);
}

void Pass::answer(const Head& head) {
  auto& advice = advice_.emplace();
  const auto& spec = *asked_->spec;
  advice.starts_now = would_start(spec);
  if (advice.starts_now) return;
  if (auto request = request_of(head)) {
    const auto open = close_pools(ledger_, timeline_.kinds(), *asked_, now_, *request);
    if (!open.is_any) advice.quota = quota_reason(view_, *open.over, now_);
    const auto room = find_room(head, *request, !open.is_any);
    auto later = room ? std::optional(room->placement) : std::nullopt;
    if (!room && open.is_any) later = timeline_.place_later(*request);
    if (later) advice.start = later->start;
    if (!room && advice.quota) advice.start = advice.quota->until;
    if (room) {
      for (const auto* victim : room->victims) advice.victims.push_back(victim->id);
    }
  }
  advice.changes =
      changes_for(spec, shortest_advice, view_.pools,
                  [this](const model::JobSpec& changed) { return would_start(changed); });
}

bool Pass::would_start(const model::JobSpec& spec) {
  const auto layout = model::resolve(spec.shape);
  if (!layout) return false;
  auto kind = asked_kind_;
  kind.pool = spec.pool;
  kind.choice = spec.choice;
  kind.layout = *layout;
  auto nodes = open_to(*wanted(kind.pool, choice_now(timeline_, kind)), is_firm(asked_->id));
  if (nodes == nullptr) return false;
  const auto duration = spec.time_limit.value_or(base::Duration::max());
  const Request request{.layout = *layout,
                        .duration = duration,
                        .limit = duration,
                        .nodes = std::move(nodes),
                        .licenses = &spec.licenses};
  auto within = request;
  if (!close_pools(ledger_, timeline_.kinds(), *asked_, now_, within).is_any) return false;
  const auto placement = timeline_.place_now(within);
  return placement && !ledger_.check(*asked_, claims_of(view_, *layout, *placement),
                                     end_of(now_, within.duration));
}

std::vector<model::PriorityTerms> Pass::priorities() {
  std::vector<Head> heads;
  add_heads(heads);
  std::ranges::sort(heads, [](const Head& a, const Head& b) { return comes_later(b, a); });
  std::vector<model::PriorityTerms> priorities;
  for (const auto& head : heads) priorities.push_back(terms_of(head));
  return priorities;
}

model::PriorityTerms Pass::terms_of(const Head& head) const {
  const auto& job = view_.state.jobs.at(head.job);
  const auto& kind = *head.kind;
  model::PriorityTerms terms{.job = head.job,
                             .n_alike = static_cast<std::size_t>(std::distance(head.at, head.end)),
                             .user = job.user.name,
                             .workspace = kind.workspace,
                             .class_name = view_.classes.of(kind.class_name).name,
                             .base = head.priority,
                             .own = kind.priority,
                             .wait = now_ - job.submitted_at,
                             .predicted = head.predicted,
                             .is_overdue = head.is_overdue,
                             .rank = std::clamp(head.rank, std::numeric_limits<double>::lowest(),
                                                std::numeric_limits<double>::max())};
  if (!favour_) return terms;
  const auto standing = favour_->standing_of({kind.uid, kind.workspace});
  terms.use = standing.use;
  terms.due = standing.due;
  terms.fair_share = standing.factor();
  terms.size = favour_->size_of(kind.layout);
  return terms;
}

/// Goes through the kinds, best head first; a kind whose head stays for good is done with. Ends
/// when it has the answer to a question.
void Pass::try_in(std::vector<Head> all, bool (*is_after)(const Head&, const Head&)) {
  const auto comes_after = [is_after](const Head* a, const Head* b) { return is_after(*a, *b); };
  std::vector<Head*> heads;
  heads.reserve(all.size());
  for (auto& head : all) heads.push_back(&head);
  std::ranges::make_heap(heads, comes_after);
  while (!heads.empty() && !advice_) {
    auto& head = *heads.front();
    if (head.is_overdue && has_overdue_.contains(head.kind->pool)) {
      head.is_overdue = false;
      sink_first(heads, comes_after);
      continue;
    }
    const auto verdict = head.has_claim ? start_by_claim(head) : consider(head);
    if (std::exchange(head.has_claim, false) && verdict != Verdict::started) {
      sink_first(heads, comes_after);
      continue;
    }
    is_any_left_ = is_any_left_ || verdict != Verdict::started;
    if (verdict == Verdict::started && --head.n_left > 0) continue;
    head.at = first_in_line(std::next(head.at), head.end);
    if (verdict == Verdict::blocked || head.at == head.end) {
      heads.front() = heads.back();
      heads.pop_back();
    } else {
      turn_to(head, *head.at);
    }
    sink_first(heads, comes_after);
  }
}

/// nullopt when all nodes that the job may use are closed to it.
std::optional<Request> Pass::request_of(const Head& head) {
  const auto& kind = *head.kind;
  auto nodes = open_to(*head.wanted, is_firm(head.job));
  if (nodes == nullptr) return std::nullopt;
  return Request{.layout = kind.layout,
                 .duration = duration_of(kind),
                 .limit = duration_of(kind),
                 .nodes = std::move(nodes),
                 .licenses = kind.licenses.empty() ? nullptr : &kind.licenses,
                 .former = head.former.empty() ? nullptr : &head.former};
}

/// Kinds that follow each other mostly want the same.
Pass::Wanted* Pass::wanted(const std::string& pool, const model::NodeChoice& choice) {
  const bool is_last = last_wanted_ != nullptr && last_wanted_->first.pool == pool &&
                       last_wanted_->first.choice == choice;
  if (!is_last) last_wanted_ = &*wanted_.try_emplace({pool, choice}).first;
  return last_wanted_;
}

/// Nodes that are not closed to those who want this; nullptr: there are none.
std::shared_ptr<const Selection> Pass::open_to(Wanted& wanted, bool is_firm) {
  const auto& [pool, choice] = wanted.first;
  auto& known = is_firm ? wanted.second.to_firm : wanted.second.to_others;
  if (known) return *known;
  known.emplace();
  const auto& kinds = timeline_.kinds();
  auto selection = kinds.select(
      [&pool](const std::string& name) { return pool.empty() || pool == name; }, choice);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& kind = kinds.kind(i);
    const bool is_held_up = is_firm && plan_.held_up.contains(kind);
    if (plan_.closed.contains(kind) || is_held_up) selection.kinds[i] = false;
  }
  for (const auto& [node, job] : plan_.closed_nodes) selection.never.push_back(node);
  std::ranges::sort(selection.never);
  selection.never.erase(std::ranges::unique(selection.never).begin(), selection.never.end());
  if (std::ranges::find(selection.kinds, true) != selection.kinds.end())
    *known = std::make_shared<const Selection>(std::move(selection));
  return *known;
}

/// Now or never: nobody waits for a claim.
Pass::Verdict Pass::start_by_claim(const Head& head) {
  auto request = request_of(head);
  if (!request) return Verdict::blocked;
  const auto open = ledger_.is_empty()
                        ? OpenPools()
                        : close_pools(ledger_, timeline_.kinds(), job_of(head.job), now_, *request);
  if (!open.is_any || open.is_borrowing) return Verdict::blocked;
  return start(head, *request).value_or(Verdict::blocked);
}

Pass::Verdict Pass::consider(const Head& head) {
  if (asked_ != nullptr && head.job == asked_->id) {
    answer(head);
    return Verdict::blocked;
  }
  auto request = request_of(head);
  if (!request) return Verdict::blocked;
  const auto open = ledger_.is_empty()
                        ? OpenPools()
                        : close_pools(ledger_, timeline_.kinds(), job_of(head.job), now_, *request);
  if (!open.is_any) return stay_within_quota(head, *request, *open.over);
  if (open.is_borrowing && !is_lending_ && !head.is_owed) {
    borrowers_.push_back(head);
    return Verdict::blocked;
  }
  const bool is_backfill_turn = depth_of(head.kind->pool) > 0 && !head.is_overdue &&
                                !head.is_owed && !may_reserve(head.kind->pool);
  if (is_backfill_turn && options_.backfill_order != BackfillOrder::queue && !is_backfilling_) {
    later_.push_back(head);
    return Verdict::blocked;
  }
  if (const auto verdict = start_as_promised(head, *request)) return *verdict;
  if (const auto verdict = start(head, *request)) return *verdict;
  if (may_trust(head)) {
    auto trusting = *request;
    trusting.duration = head.predicted;
    if (const auto verdict = start(head, trusting)) return *verdict;
  }
  if (preempt(head, *request, false)) return Verdict::reserved;
  return wait(head, *request);
}

const scheduler::Job& Pass::job_of(model::JobId id) const {
  const auto job = view_.state.jobs.find(id);
  return job != view_.state.jobs.end() ? job->second : *asked_;
}

/// A job that may have more only by its own quota gets it back from those that borrowed it. One
/// that may not borrow itself says nothing about others of its kind.
Pass::Verdict Pass::stay_within_quota(const Head& head, const Request& request,
                                      const scheduler::OverLimit& over) {
  using Why = scheduler::OverLimit::Why;
  if (head.is_owed) return wait_for_quota(head, request);
  if (over.why == Why::lent && preempt(head, request, true)) return Verdict::reserved;
  leave_quota_to(head);
  return over.why == Why::alone ? Verdict::reserved : Verdict::blocked;
}

void Pass::keep(model::JobId job, const scheduler::Claims& claims, base::Time start) {
  if (ledger_.is_empty()) return;
  ledger_.keep(job_of(job), claims, start);
  plan_.kept.push_back({job, claims, start});
}

/// As many nodes as can be; of fewer, if that many are too much for the quota.
std::optional<Pass::Start> Pass::place(const Head& head, const Request& request) const {
  auto layout = request.layout;
  auto placement = std::optional<Placement>();
  if (layout.most_nodes > 0) {
    placement = place_on_most(*layout.nodes, layout.most_nodes, [&](int n_nodes) {
      const auto sized = model::with_nodes(request.layout, n_nodes);
      return timeline_.place_now(with_layout(request, sized));
    });
    if (placement) layout = model::with_nodes(layout, static_cast<int>(placement->parts.size()));
  } else {
    placement = timeline_.place_now(request);
  }
  if (!placement) return std::nullopt;
  if (!is_within_quota(head, layout, request, *placement) && layout != request.layout) {
    layout = model::with_nodes(request.layout, *request.layout.nodes);
    placement = timeline_.place_now(with_layout(request, layout));
  }
  if (!placement) return std::nullopt;
  const bool is_within = is_within_quota(head, layout, request, *placement);
  return Start{std::move(layout), *std::move(placement), is_within};
}

/// Starts the job if it fits now. One that is too much for its quota where it fits is tried in
/// parts of what it may use, and stays if there is none for it.
std::optional<Pass::Verdict> Pass::start(const Head& head, const Request& request) {
  auto found = place(head, request);
  if (!found) return std::nullopt;
  if (!found->is_within_quota) {
    for (const auto& part : narrowed(view_, timeline_.kinds(), request)) {
      auto other = place(head, part);
      if (!other || !other->is_within_quota) continue;
      found = std::move(other);
      break;
    }
  }
  if (!found->is_within_quota) {
    leave_quota_to(head);
    return Verdict::blocked;
  }
  const auto& [layout, placement, is_within] = *found;
  if (!ledger_.is_empty()) ledger_.take(job_of(head.job), claims_of(view_, layout, placement));
  plan_.starts.push_back({head.job, timeline_.allocate(with_layout(request, layout), placement)});
  return Verdict::started;
}

bool Pass::is_within_quota(const Head& head, const model::Layout& layout, const Request& request,
                           const Placement& placement) const {
  return ledger_.is_empty() || !ledger_.check(job_of(head.job), claims_of(view_, layout, placement),
                                              end_of(now_, request.duration));
}

const std::vector<Candidate>& Pass::of_classes(const scheduler::Class& of) {
  auto found = candidates_.find(of.name);
  if (found == candidates_.end())
    found = candidates_.emplace(of.name, candidates(view_, of, now_)).first;
  std::erase_if(found->second, [this](const Candidate& candidate) {
    return making_room_.contains(candidate.job->id);
  });
  return found->second;
}

/// Where the job may have something by its own quota that others can have borrowed.
std::vector<scheduler::Loan> Pass::loans_for(const Head& head, const Request& request) const {
  std::vector<scheduler::Loan> loans;
  if (ledger_.is_empty()) return loans;
  for (const auto& pool : timeline_.kinds().pools_of(*request.nodes)) {
    const auto claims = least_claims(request.layout, pool);
    std::ranges::copy(ledger_.lends_to_others(job_of(head.job), claims), std::back_inserter(loans));
  }
  return loans;
}

/// By its class, and by its quota.
const std::vector<Candidate>& Pass::candidates_for(const Head& head, const Request& request) {
  const auto& of_class = of_classes(view_.classes.of(head.kind->class_name));
  const auto loans = loans_for(head, request);
  if (loans.empty()) return of_class;
  by_quota_ = with_borrowers(view_, ledger_, loans, now_, of_class);
  std::erase_if(by_quota_, [this](const Candidate& candidate) {
    return making_room_.contains(candidate.job->id);
  });
  return by_quota_;
}

/// Whom to end to make room for the job, unless it has been made room for already or can start as
/// soon without.
std::optional<Room> Pass::find_room(const Head& head, const Request& request, bool is_over_quota) {
  const auto owed = view_.state.owed.find(head.job);
  if (owed != view_.state.owed.end() && !owed->second.victims.empty()) return std::nullopt;
  if (auto room = find_room(head, request, is_over_quota, candidates_for(head, request)))
    return room;
  if (!served_) return std::nullopt;
  auto ranked_lower = served_->candidates(head.priority, head.is_overdue ? 0 : head.price);
  std::erase_if(ranked_lower, [this](const Candidate& candidate) {
    return making_room_.contains(candidate.job->id);
  });
  return find_room(head, request, is_over_quota, ranked_lower);
}

std::optional<Room> Pass::find_room(const Head& head, const Request& request, bool is_over_quota,
                                    const std::vector<Candidate>& chosen_from) {
  if (chosen_from.empty() || n_vain_searches_ >= most_vain_searches) return std::nullopt;
  const auto start = gone_by(view_, chosen_from, now_);
  const auto natural = is_over_quota ? std::nullopt : timeline_.place_later(request);
  if (natural && natural->start <= start) return std::nullopt;
  std::optional<QuotaRoom> quotas;
  if (!ledger_.is_empty()) {
    const auto& job = job_of(head.job);
    quotas.emplace(
        QuotaRoom{view_, now_, Reclaim(view_, ledger_, job, start), loans_for(head, request)});
    for (const auto id : making_room_) quotas->reclaim.set_gone(view_.state.jobs.at(id), true);
  }
  auto room = make_room(timeline_, request, chosen_from, start, quotas ? &*quotas : nullptr);
  if (room && !room->victims.empty()) return room;
  ++n_vain_searches_;
  return std::nullopt;
}

/// Ends others so that the job can start, and keeps its place.
bool Pass::preempt(const Head& head, const Request& request, bool is_over_quota) {
  const auto room = find_room(head, request, is_over_quota);
  if (!room) return false;
  const auto start = room->placement.start;
  scheduler::Preemption preemption{.by = head.job, .victims = {}};
  for (const auto* victim : room->victims) {
    preemption.victims.push_back(victim->id);
    making_room_.insert(victim->id);
    timeline_.end_early(*victim, start);
  }
  timeline_.reserve(request, room->placement);
  keep(head.job, claims_of(view_, request.layout, room->placement), now_);
  promised_.insert(head.kind->pool);
  plan_.reservations.emplace(head.job, start);
  plan_.preemptions.push_back(std::move(preemption));
  return true;
}

/// May this job be taken to run for as long as is predicted? Not where an overdue job that is held
/// up would pay for the error, and to no use where nothing is reserved.
bool Pass::may_trust(const Head& head) const {
  const bool has_predictions = options_.order == Order::predicted || served_;
  if (!has_predictions || head.is_overdue || n_reserved_.empty()) return false;
  if (head.kind->pool.empty()) return promised_.empty();
  return !promised_.contains(head.kind->pool) && !promised_.contains("");
}

/// A job that cannot start gets a reservation, if its turn has come; when nobody can tell when it
/// could start, or nobody may overtake, its nodes are closed to all that come after it. One that
/// needs nodes that are not connected, or licenses, holds up nobody: they may never come.
Pass::Verdict Pass::wait(const Head& head, const Request& request) {
  const auto& pool = head.kind->pool;
  if (head.is_overdue) has_overdue_.insert(pool);
  if (head.is_overdue || head.is_owed) promised_.insert(pool);
  const bool is_due = head.is_overdue || head.is_owed || may_reserve(pool);
  const bool may_wait = depth_of(pool) > 0;
  if (may_wait && !is_due) {
    leave_nodes_to(request);
    return Verdict::blocked;
  }
  const auto placement = may_wait ? timeline_.place_later(request) : std::optional<Placement>();
  if (!placement) {
    leave_nodes_to(request);
    if (head.is_owed) keep(head.job, least_claims(request.layout, pool), now_);
    const bool is_promised = head.is_overdue || head.is_owed;
    auto lasting = request;
    lasting.nodes = timeline_.kinds().lasting(request.nodes, now_, request.limit);
    if (!timeline_.lacks_licenses(request) && timeline_.fits_when_empty(lasting)) {
      mark(served_ && !is_promised && may_wait ? plan_.held_up : plan_.closed, lasting, head.job);
    }
    return Verdict::blocked;
  }
  timeline_.reserve(request, *placement);
  keep(head.job, claims_of(view_, request.layout, *placement),
       head.is_owed ? now_ : placement->start);
  plan_.reservations.emplace(head.job, placement->start);
  if (!head.is_owed) ++n_reserved_[pool];
  return Verdict::reserved;
}

/// The job has its place and its part of the quota when those are gone that make room for it.
Pass::Verdict Pass::wait_for_quota(const Head& head, const Request& request) {
  auto start = now_;
  for (const auto victim : view_.state.owed.at(head.job).victims) {
    if (const auto end = expected_end(view_.state.jobs.at(victim))) start = std::max(start, *end);
  }
  const auto placement = place_ahead(timeline_, request, now_, start);
  if (!placement) return wait(head, request);
  promised_.insert(head.kind->pool);
  timeline_.reserve(request, *placement);
  keep(head.job, claims_of(view_, request.layout, *placement), now_);
  plan_.reservations.emplace(head.job, start);
  return Verdict::reserved;
}

/// Of jobs that ask for this pool.
std::size_t Pass::depth_of(const std::string& pool) const {
  const auto own = options_.depth_by_pool.find(pool);
  return own == options_.depth_by_pool.end() ? options_.depth : own->second;
}

bool Pass::may_reserve(const std::string& pool) const {
  const auto found = n_reserved_.find(pool);
  return (found == n_reserved_.end() ? 0 : found->second) < depth_of(pool);
}

/// Behind a job that waits until nobody knows when, those may start that will make room for it.
bool Pass::is_firm(model::JobId id) const {
  return !served_ || !served_->will_yield(job_of(id));
}

void Pass::mark(std::map<scheduler::NodeKind, model::JobId>& first, const Request& request,
                model::JobId job) {
  const auto& kinds = timeline_.kinds();
  for (std::size_t i = 0; i < kinds.size() && !request.nodes->is_listed; ++i) {
    if (request.nodes->kinds[i]) first.emplace(kinds.kind(i), job);
  }
  for (const auto node : request.nodes->only) plan_.closed_nodes.emplace(node, job);
  for (auto& [wish, open] : wanted_) open = {};
}

}  // namespace policy
