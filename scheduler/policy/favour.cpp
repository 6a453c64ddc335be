#include "scheduler/policy/favour.h"

#include <algorithm>
#include <cmath>

namespace policy {

namespace {

using scheduler::Owner;

double part(double amount, double whole) {
  return amount > 0 && whole > 0 ? amount / whole : 0;
}

}  // namespace

double Standing::factor() const {
  return std::exp2(-use / due);
}

Favour::Favour(const Weights& weights, const scheduler::View& view, base::Time now)
    : weights_(weights),
      state_(view.state),
      workspaces_(view.workspaces),
      now_(now),
      today_(std::chrono::floor<std::chrono::days>(now.time_since_epoch())) {
  for (const auto& [kind, n_nodes] : view.state.node_kinds) {
    cores_ += static_cast<double>(kind.cores) * n_nodes;
    gpus_ += static_cast<double>(kind.gpus) * n_nodes;
    memory_ += static_cast<double>(kind.memory.count()) * n_nodes;
  }
  if (weights.fair_share == 0) return;
  for (const auto& [owner, days] : state_.usage.by_owner()) {
    all_use_ += days.recent(today_, weights.half_life, cores_per_gpu);
    count(owner);
  }
  for (const auto& [owner, holding] : state_.holdings) {
    all_use_ += weigh(holding.until(now), cores_per_gpu);
    if (!state_.usage.by_owner().contains(owner)) count(owner);
  }
}

/// There is a first or a further user of its workspace.
void Favour::count(const Owner& owner) {
  const auto found = std::ranges::find(users_, owner.second, &Users::workspace);
  if (found != users_.end()) {
    ++found->n;
    return;
  }
  const int shares = workspaces_.shares_of(owner.second);
  users_.push_back({.workspace = owner.second, .shares = shares, .n = 1});
  all_shares_ += shares;
}

Standing Favour::standing_of(const Owner& owner) const {
  double use = 0;
  const auto days = state_.usage.by_owner().find(owner);
  if (days != state_.usage.by_owner().end())
    use += days->second.recent(today_, weights_.half_life, cores_per_gpu);
  const auto holding = state_.holdings.find(owner);
  if (holding != state_.holdings.end()) use += weigh(holding->second.until(now_), cores_per_gpu);
  const auto users = std::ranges::find(users_, owner.second, &Users::workspace);
  if (use == 0 || users == users_.end()) return {};
  return {.use = part(use, all_use_), .due = users->shares / all_shares_ / users->n};
}

double Favour::size_of(const model::Layout& layout) const {
  const auto demand = model::demand_of(layout, layout.tasks);
  return std::max({part(demand.cores, cores_), part(demand.gpus, gpus_),
                   part(static_cast<double>(demand.memory.count()), memory_)});
}

double Favour::of(const scheduler::JobKind& kind) {
  const bool is_last = last_ && last_->uid == kind.uid && last_->workspace == kind.workspace;
  if (!is_last)
    last_ = {kind.uid, kind.workspace, standing_of({kind.uid, kind.workspace}).factor()};
  return std::exp2(weights_.fair_share * last_->factor + weights_.size * size_of(kind.layout));
}

}  // namespace policy
