#include "scheduler/policy/licenses.h"

#include <algorithm>
#include <utility>

#include "scheduler/policy/lane.h"

namespace policy {

using base::Time;

FreeLicenses::FreeLicenses(const scheduler::View& view, Time now) {
  for (const auto& [name, n_all] : view.licenses) {
    int n_free = n_all;
    std::vector<std::pair<Time, int>> ends;
    const auto holders = view.state.license_holders.find(name);
    if (holders != view.state.license_holders.end()) {
      for (const auto& [id, n] : holders->second) {
        n_free -= n;
        const auto end = scheduler::expected_end(view.state.jobs.at(id));
        if (end) ends.emplace_back(when_over(*end, now), n);
      }
    }
    std::ranges::sort(ends);
    auto& profile = free_.emplace(name, Profile<int>(now, n_free)).first->second;
    for (const auto& [at, n] : ends) profile.append(at, n);
  }
}

bool FreeLicenses::are_free(const model::Licenses* wanted, Time start, Time end) const {
  if (wanted == nullptr) return true;
  return std::ranges::all_of(*wanted, [&](const auto& each) {
    const auto found = free_.find(each.first);
    return found != free_.end() && found->second.least(start, end) >= each.second;
  });
}

void FreeLicenses::add_changes(const model::Licenses* wanted, std::vector<Time>& times) const {
  if (wanted == nullptr) return;
  for (const auto& [name, n] : *wanted) {
    if (const auto found = free_.find(name); found != free_.end()) found->second.add_changes(times);
  }
}

void FreeLicenses::take(const model::Licenses* licenses, Time start, Time end) {
  if (licenses == nullptr) return;
  for (const auto& [name, n] : *licenses) {
    if (const auto found = free_.find(name); found != free_.end())
      found->second.take(n, start, end);
  }
}

void FreeLicenses::give(const model::Licenses* licenses, Time start, Time end) {
  if (licenses == nullptr) return;
  for (const auto& [name, n] : *licenses) {
    if (const auto found = free_.find(name); found != free_.end())
      found->second.give(n, start, end);
  }
}

}  // namespace policy
