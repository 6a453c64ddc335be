#include "scheduler/policy/favour.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace policy {

namespace {

using scheduler::Amount;
using scheduler::Owner;

double weigh(const Amount& amount) {
  return std::chrono::duration<double>(amount.core_time).count() +
         cores_per_gpu * std::chrono::duration<double>(amount.gpu_time).count();
}

/// Recent use of each owner: what was long ago counts for less.
std::map<Owner, double> recent_use(const scheduler::State& state, base::Duration half_life,
                                   base::Time now) {
  std::map<Owner, double> uses;
  const auto today = std::chrono::floor<std::chrono::days>(now.time_since_epoch());
  const double days_of_half_life =
      std::chrono::duration<double, std::ratio<86400>>(half_life).count();
  std::map<std::int64_t, double> decays;
  for (const auto& [owner, days] : state.usage.by_owner()) {
    double sum = 0;
    for (const auto& [day, amount] : days) {
      const auto age = (today - day.time_since_epoch()).count();
      const auto [decay, is_new] = decays.try_emplace(age);
      if (is_new) decay->second = std::exp2(-static_cast<double>(age) / days_of_half_life);
      sum += weigh(amount) * decay->second;
    }
    uses[owner] += sum;
  }
  for (const auto& [owner, holding] : state.holdings) uses[owner] += weigh(holding.until(now));
  return uses;
}

double part(double amount, double whole) {
  return amount > 0 && whole > 0 ? amount / whole : 0;
}

}  // namespace

double Standing::factor() const {
  return std::exp2(-use / due);
}

Favour::Favour(const Weights& weights, const scheduler::View& view, base::Time now)
    : weights_(weights) {
  for (const auto& [kind, n_nodes] : view.state.node_kinds) {
    cores_ += static_cast<double>(kind.cores) * n_nodes;
    gpus_ += static_cast<double>(kind.gpus) * n_nodes;
    memory_ += static_cast<double>(kind.memory.count()) * n_nodes;
  }
  if (weights.fair_share == 0) return;
  const auto uses = recent_use(view.state, weights.half_life, now);
  double all = 0;
  std::map<std::string, int> n_users;  // by workspace
  double all_shares = 0;
  for (const auto& [owner, use] : uses) {
    all += use;
    if (++n_users[owner.second] == 1) all_shares += view.workspaces.shares_of(owner.second);
  }
  for (const auto& [owner, use] : uses) {
    const double of_workspace = view.workspaces.shares_of(owner.second) / all_shares;
    standings_[owner] = {.use = part(use, all), .due = of_workspace / n_users[owner.second]};
  }
}

Standing Favour::standing_of(const Owner& owner) const {
  const auto found = standings_.find(owner);
  return found == standings_.end() ? Standing() : found->second;
}

double Favour::size_of(const model::Layout& layout) const {
  const auto demand = model::demand_of(layout, layout.tasks);
  return std::max({part(demand.cores, cores_), part(demand.gpus, gpus_),
                   part(static_cast<double>(demand.memory.count()), memory_)});
}

double Favour::of(const scheduler::JobKind& kind) const {
  return std::exp2(weights_.fair_share * standing_of({kind.uid, kind.workspace}).factor() +
                   weights_.size * size_of(kind.layout));
}

}  // namespace policy
