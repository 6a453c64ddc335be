// Whom a pass looks at: one for each kind in the queue, and jobs that stand alone.

#include <cstddef>
#include <iterator>
#include <utility>

#include "scheduler/policy/pass.h"

namespace policy {

namespace {

// Each is looked at alone, which for all jobs of a machine room that comes back would take long.
constexpr std::size_t most_back = 100;

}  // namespace

/// Those whose next attempt is to have the nodes of the one before, if it starts in this pass. None
/// in the first pass after a start of the controller, and of many only the first.
void Pass::find_those_back() {
  if (!view_.last_pass) return;
  const auto last = *view_.last_pass;
  const auto& back = view_.state.back;
  auto at = back.lower_bound({last, model::JobId(0)});
  for (; at != back.end() && back_.size() < most_back; ++at) {
    if (at->first == last && last != now_) continue;
    if (!scheduler::former_nodes(view_.state.jobs.at(at->second)).empty()) back_.insert(at->second);
  }
}

/// A job that its kind says too little of: others make room for it, or it ran before.
bool Pass::stands_alone(model::JobId job) const {
  return is_owed(job) || (served_ && view_.state.returned.contains(job)) || back_.contains(job);
}

/// The first that its kind stands for.
Pass::JobIterator Pass::first_in_line(JobIterator at, JobIterator end) const {
  while (at != end && stands_alone(*at)) ++at;
  return at;
}

/// One for each kind, and one for each job that stands alone.
void Pass::add_heads(std::vector<Head>& heads) {
  find_those_back();
  heads.reserve(view_.state.queue.size());
  for (const auto& [kind, jobs] : view_.state.queue) {
    const auto first = first_in_line(jobs.begin(), jobs.end());
    if (first != jobs.end()) heads.push_back(head_of(kind, first, jobs.end()));
  }
  if (asked_ != nullptr && !view_.state.jobs.contains(asked_->id))
    heads.push_back(head_of(asked_kind_, asked_alone_.begin(), asked_alone_.end()));
  for (const auto& [job, promise] : view_.state.owed) add_alone(job, heads);
  for (const auto job : served_ ? view_.state.returned : back_) {
    if (!is_owed(job)) add_alone(job, heads);
  }
}

void Pass::prefer_former(Head& head) const {
  const auto& job = view_.state.jobs.at(head.job);
  head.has_claim = asked_ == nullptr && view_.last_pass && scheduler::lost_its_node_now(job);
  for (const auto& name : scheduler::former_nodes(job)) {
    const auto node = view_.state.node_by_name.find(name);
    if (node != view_.state.node_by_name.end()) head.former.push_back(node->second);
  }
}

void Pass::add_alone(model::JobId job, std::vector<Head>& heads) {
  const auto kind = view_.state.queue.find(kind_of(view_.state.jobs.at(job)));
  if (kind == view_.state.queue.end()) return;
  if (!kind->second.contains(job)) return;
  const auto at = kind->second.lower_bound(job);
  auto head = head_of(kind->first, at, std::next(at));
  head.is_owed = is_owed(job);
  head.is_overdue = head.is_overdue && !head.is_owed;
  head.n_left = 1;
  if (back_.contains(job)) prefer_former(head);
  heads.push_back(std::move(head));
}

}  // namespace policy
