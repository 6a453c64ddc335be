#include "scheduler/core/circle.h"

#include <algorithm>
#include <map>

namespace scheduler {

namespace {

using model::DependencyKind;
using model::JobId;

/// Goes through everything that the job waits for, until it meets the job itself.
class Search {
 public:
  Search(const State& state, const Job& job) : state_(state), job_(job) {}

  std::vector<JobId> run() {
    follow(job_);
    while (!open_.empty() && !is_closed_) {
      const auto found = state_.jobs.find(open_.back());
      open_.pop_back();
      if (found != state_.jobs.end()) follow(found->second);
    }
    return is_closed_ ? path() : std::vector<JobId>();
  }

 private:
  void follow(const Job& job) {
    if (!std::holds_alternative<Waiting>(job.phase) || job.task) return;
    const bool has_begun = job.tasks && job.tasks->tally.has_begun;
    for (const auto& term : job.spec->dependency.terms) {
      if (term.kind == DependencyKind::singleton) {
        if (!has_begun) follow_namesakes(job);
      } else if (has_begun ? term.kind == DependencyKind::aftercorr : job.attempts == 0) {
        meet(term.job, job.id);
      }
    }
  }

  /// Each job of a group is met once, however many singletons wait for it.
  void follow_namesakes(const Job& job) {
    const auto key = namesake_key(job);
    if (namesake_key(job_) == key && job_.id < job.id) meet(job_.id, job.id);
    const auto group = state_.namesakes.find(key);
    if (group == state_.namesakes.end()) return;
    auto& seen = seen_.try_emplace(key, JobId(0)).first->second;
    const auto& [waiting, active] = group->second;
    for (auto other = waiting.lower_bound(seen); other != waiting.end() && *other < job.id; ++other)
      meet_other(*other, job.id);
    if (seen == JobId(0)) {
      for (const auto other : active) meet_other(other, job.id);
    }
    seen = std::max(seen, job.id);
  }

  /// The job itself may be in the group by the name that it gives up.
  void meet_other(JobId other, JobId by) {
    if (other != job_.id) meet(other, by);
  }

  void meet(JobId met, JobId by) {
    if (!met_by_.emplace(met, by).second) return;
    if (met == job_.id) is_closed_ = true;
    open_.push_back(met);
  }

  std::vector<JobId> path() const {
    std::vector<JobId> path{job_.id};
    do {
      path.push_back(met_by_.at(path.back()));
    } while (path.back() != job_.id);
    std::ranges::reverse(path);
    return path;
  }

  const State& state_;
  const Job& job_;
  std::map<JobId, JobId> met_by_;
  std::map<NamesakeKey, JobId> seen_;  // of a group, those below
  std::vector<JobId> open_;
  bool is_closed_ = false;
};

}  // namespace

std::vector<JobId> circle_of(const State& state, const Job& job) {
  return Search(state, job).run();
}

}  // namespace scheduler
