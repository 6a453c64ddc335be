#include "launcher/exec/rank_fates.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "launcher/exec/launch.h"
#include "launcher/map/step_nodes.h"

namespace exec {

namespace {

/// A server may notice the end of its workers, and fall over it, before it hears that they are
/// done.
constexpr base::Duration server_patience = std::chrono::milliseconds(200);

}  // namespace

RankFates::RankFates(loop::Loop& loop, const model::LaunchOrder& order, FateDoors doors)
    : order_(order),
      doors_(std::move(doors)),
      roles_(order),
      server_timer_(loop, [this] { judge_servers(); }) {}

void RankFates::begin(const mapping::Placement& placement) {
  for (const auto& rank : placement.ranks) ranks_.push_back(rank.rank);
  lives_.resize(placement.ranks.size());
}

std::size_t RankFates::place_of(int rank) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(ranks_, rank) - ranks_.begin());
}

void RankFates::connected(int rank) {
  auto& life = lives_.at(place_of(rank));
  life.connected = true;
  life.finalized = false;
  check_absent();
}

void RankFates::finalized(int rank) {
  lives_.at(place_of(rank)).finalized = true;
}

void RankFates::ended(std::size_t place, const loop::ExitStatus& status,
                      std::optional<model::GpuUse> gpu,
                      const std::function<bool()>& ran_out_of_memory) {
  used_.push_back({.rank = ranks_[place],
                   .cpu = status.user_time + status.system_time,
                   .memory_peak = status.peak_memory,
                   .gpu = gpu});
  auto& life = lives_[place];
  life.ended = true;
  if (is_server(place) && are_servers_over_) return;
  life.code = status.code;
  life.signal = status.signal;
  // Who was killed is known of the launch only: a rank that ended with a code of its own may have
  // nothing to do with it, unless it is alone or passes the end of its child on.
  const bool may_be_it = status.signal == SIGKILL || status.code == 128 + SIGKILL ||
                         (lives_.size() == 1 && status.code != 0);
  life.out_of_memory = may_be_it && ran_out_of_memory();
  judge(place);
}

void RankFates::judge(std::size_t place) {
  auto failure = mapping::judge_end(lives_[place]);
  if (failure && is_server(place)) {
    fallen_servers_.push_back(place);
    if (!server_timer_.is_running()) server_timer_.start(server_patience);
    return;
  }
  if (failure && order_.step->keep_going && mapping::is_own_affair(lives_[place], *failure)) {
    miss(place, std::move(*failure));
  } else if (failure) {
    doors_.failed(place, std::move(*failure));
  }
  check_absent();
  tell_absent();
  tell_work_done();
}

void RankFates::miss(std::size_t place, model::Failure failure) {
  if (missed_) return;
  failure.step = order_.key.step;
  failure.node = node_name(order_);
  failure.rank = ranks_[place];
  missed_ = std::move(failure);
}

bool RankFates::is_server(std::size_t place) const {
  return roles_.serves(ranks_[place]);
}

/// The head ends those who serve when nobody is left for whom.
void RankFates::tell_work_done() {
  if (is_silent_ || !roles_.has_server()) return;
  for (std::size_t place = 0; place < lives_.size(); ++place) {
    if (!lives_[place].ended && !is_server(place)) return;
  }
  doors_.send(model::WorkDone{order_.node_index});
}

void RankFates::let_servers_end() {
  are_servers_over_ = true;
  server_timer_.stop();
  for (const std::size_t place : std::exchange(fallen_servers_, {})) {
    lives_[place].code = 0;
    lives_[place].signal = 0;
  }
}

/// The work is not done, or somebody would have said so.
void RankFates::judge_servers() {
  for (const std::size_t place : std::exchange(fallen_servers_, {})) {
    if (auto failure = mapping::judge_end(lives_[place])) doors_.failed(place, std::move(*failure));
  }
  doors_.settled();
}

void RankFates::take(const model::RankAbsent& absent) {
  absent_elsewhere_ = absent;
  check_absent();
}

void RankFates::check_absent() {
  model::Failure failure;
  failure.cause = model::Cause::before_init;
  if (const auto absent = mapping::find_absent(lives_, order_.step->keep_going)) {
    doors_.failed(*absent, std::move(failure));
  } else if (absent_elsewhere_ && std::ranges::any_of(lives_, mapping::is_waiting)) {
    failure.step = order_.key.step;
    failure.node = absent_elsewhere_->node;
    failure.rank = absent_elsewhere_->rank;
    doors_.failed_elsewhere(std::move(failure));
  }
}

/// Ranks of other nodes may wait for one that has gone here.
void RankFates::tell_absent() {
  const bool is_alone = std::ssize(lives_) == mapping::n_ranks(order_);
  if (is_silent_ || is_alone || told_absent_) return;
  const auto absent = mapping::find_done_without_mpi(lives_, order_.step->keep_going);
  if (!absent) return;
  told_absent_ = true;
  doors_.send(model::RankAbsent{ranks_[*absent], node_name(order_)});
}

std::vector<model::RankUsage> RankFates::usage() const {
  auto usage = used_;
  std::ranges::sort(usage, {}, &model::RankUsage::rank);
  return usage;
}

}  // namespace exec
