#pragma once
// What becomes of this node's ranks, and what their ends mean: for the step, for ranks of other
// nodes that wait for them, and for those that serve only as long as others work.

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "launcher/map/placement.h"
#include "launcher/map/rank_roles.h"
#include "launcher/map/verdict.h"
#include "lib/loop/loop.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"
#include "lib/model/head_message.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"

namespace exec {

struct FateDoors {
  /// One of this node's ranks, by its place, has failed so: cause and code.
  std::function<void(std::size_t place, model::Failure)> failed;
  /// Ranks here wait in MPI_Init for one of another node, which has ended without it.
  std::function<void(model::Failure)> failed_elsewhere;
  std::function<void(model::HeadMessage)> send;
  /// Servers that had fallen are judged: is_pending() does not hold any more.
  std::function<void()> settled;
};

/// Ranks are named by their place on the node, or by their number where the name says so.
class RankFates {
 public:
  RankFates(loop::Loop& loop, const model::LaunchOrder& order, FateDoors doors);

  /// Before the first rank starts.
  void begin(const mapping::Placement& placement);

  const std::vector<mapping::RankLife>& lives() const { return lives_; }
  std::size_t place_of(int rank) const;

  void connected(int rank);
  void finalized(int rank);
  /// Judges a rank whose last words have been read.
  void ended(std::size_t place, const loop::ExitStatus& status, std::optional<model::GpuUse> gpu,
             const std::function<bool()>& ran_out_of_memory);
  void take(const model::RankAbsent& absent);
  /// The work is done: how those that serve end means nothing from now on.
  void let_servers_end();
  /// The step has failed: nothing more is told to other nodes.
  void fall_silent() { is_silent_ = true; }

  /// A server has fallen, perhaps because the workers are through: to be judged soon.
  bool is_pending() const { return !fallen_servers_.empty(); }
  /// The first rank that failed while the others went on, which the step asks for.
  const std::optional<model::Failure>& missed() const { return missed_; }
  int exit_code() const { return mapping::exit_code_of(lives_); }
  /// Of those that have ended, by rank.
  std::vector<model::RankUsage> usage() const;

 private:
  void judge(std::size_t place);
  void miss(std::size_t place, model::Failure failure);
  void judge_servers();
  bool is_server(std::size_t place) const;
  void tell_work_done();
  void tell_absent();
  void check_absent();

  const model::LaunchOrder& order_;
  FateDoors doors_;
  mapping::RankRoles roles_;
  std::vector<int> ranks_;                // by place, in order
  std::vector<mapping::RankLife> lives_;  // by place
  std::optional<model::Failure> missed_;
  std::vector<model::RankUsage> used_;  // in the order of ends
  std::optional<model::RankAbsent> absent_elsewhere_;
  bool told_absent_ = false;
  bool is_silent_ = false;
  bool are_servers_over_ = false;
  std::vector<std::size_t> fallen_servers_;
  loop::Timer server_timer_;
};

}  // namespace exec
