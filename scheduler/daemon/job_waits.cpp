#include "scheduler/daemon/job_waits.h"

#include <iterator>
#include <variant>
#include <vector>

namespace musterd {

void JobWaits::add(model::JobId job, For what, http::Responder responder,
                   std::function<void()> task) {
  const std::pair key(job, ++last_);
  auto& wait =
      waiting_.emplace(key, Wait{what, std::move(responder), std::move(task)}).first->second;
  wait.responder.on_close([weak = std::weak_ptr(self_), key] {
    if (const auto self = weak.lock()) (*self)->waiting_.erase(key);
  });
}

void JobWaits::add_task(model::JobId array, model::JobId job, http::Responder responder,
                        std::function<void()> task) {
  add(job, For::end, std::move(responder), std::move(task));
  waiting_.at({job, last_}).array = array;
}

void JobWaits::publish(const model::Fact& fact) {
  if (const auto* cancelled = std::get_if<model::TasksCancelled>(&fact.body))
    return wake_array(cancelled->job);
  const bool has_ended = std::holds_alternative<model::JobEnded>(fact.body);
  const bool may_start = std::holds_alternative<model::AttemptStarted>(fact.body) ||
                         std::holds_alternative<model::LaunchPrepared>(fact.body);
  if (!has_ended && !may_start) return;
  const auto job = *model::job_of(fact.body);
  std::vector<std::function<void()>> due;
  auto next = waiting_.lower_bound({job, 0});
  while (next != waiting_.end() && next->first.first == job) {
    if (has_ended || next->second.what == For::start) {
      due.push_back(std::move(next->second.task));
      next = waiting_.erase(next);
    } else {
      ++next;
    }
  }
  for (const auto& task : due) task();
}

void JobWaits::wake_array(model::JobId array) {
  std::vector<std::function<void()>> due;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const bool is_meant = next->second.array == array;
    if (is_meant) due.push_back(std::move(next->second.task));
    next = is_meant ? waiting_.erase(next) : std::next(next);
  }
  for (const auto& task : due) task();
}

void JobWaits::fail_all(const base::Error& error) {
  for (auto& [key, wait] : std::exchange(waiting_, {})) wait.responder.fail(error);
}

}  // namespace musterd
