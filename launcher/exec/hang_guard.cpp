#include "launcher/exec/hang_guard.h"

#include <utility>

#include "launcher/exec/rank_processes.h"
#include "launcher/map/hang_report.h"
#include "launcher/map/hang_watch.h"
#include "lib/loop/loop.h"

namespace exec {

HangGuard::HangGuard(loop::Loop& loop, const model::HangLimit& limit,
                     const mapping::Placement& placement,
                     const std::vector<mapping::RankLife>& lives, Doors doors)
    : loop_(loop),
      placement_(placement),
      lives_(lives),
      doors_(std::move(doors)),
      activity_(lives.size(), limit.output_only),
      connected_(lives.size()),
      timer_(loop, [this] { look(); }) {
  timer_.start_repeating(mapping::look_interval(limit));
}

void HangGuard::connected(std::size_t rank) {
  if (!connected_[rank]) connected_[rank] = since_.so_far();
}

void HangGuard::look() {
  const auto ranks = rank_processes(doors_.mains());
  const auto now = since_.so_far();
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (!ranks[rank].empty()) activity_.used(rank, total_cpu(ranks[rank]), now);
  }
  if (doors_.is_output_held()) activity_.stirred(now);
  const auto idle = activity_.idle(now);
  doors_.send(model::NodeIdle{.idle = idle, .since = loop::now() - idle});
}

mapping::RankReport HangGuard::report_of(std::size_t rank, const std::string& node) const {
  return {.rank = placement_.ranks[rank].rank,
          .node = node,
          .has_ended = lives_[rank].ended,
          .now = since_.so_far(),
          .cpu = activity_.cpu(rank),
          .last_output = activity_.last_output(rank),
          .in_mpi = connected_[rank],
          .has_finalized = lives_[rank].finalized};
}

void HangGuard::save_stacks(const std::string& node, std::string path,
                            std::function<void(std::vector<std::string>)> done) {
  timer_.stop();
  std::vector<std::string> heads{"node " + node + "\n"};
  std::vector<std::vector<pid_t>> groups;
  for (const auto& processes : rank_processes(doors_.mains())) {
    const auto head = mapping::to_line(report_of(groups.size(), node));
    heads.front() += head;
    heads.push_back("\n" + head);
    groups.emplace_back();
    for (const auto& process : processes) groups.back().push_back(process.pid);
  }
  saver_.emplace(loop_, std::move(groups), std::move(path),
                 StackSaver::Events{.started = doors_.tool_started,
                                    .done = [heads = std::move(heads), done = std::move(done)](
                                                std::vector<std::string> stacks) mutable {
                                      for (std::size_t rank = 0; rank < stacks.size(); ++rank)
                                        heads[rank + 1] += stacks[rank];
                                      done(std::move(heads));
                                    }});
}

}  // namespace exec
