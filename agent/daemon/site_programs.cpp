#include "agent/daemon/site_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/daemon/log_file.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"

namespace agentd {

namespace {

constexpr std::size_t most_of_line = 200;

/// Nothing of the user's, but who that is.
std::vector<std::string> variables_of(const model::LaunchOrder& order,
                                      const std::string& node_dir) {
  const auto& share = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  return {"MUSTER_JOB_ID=" + to_text(order.key.job),
          "MUSTER_ATTEMPT=" + std::to_string(order.key.attempt),
          "MUSTER_JOB_USER=" + order.user.name,
          "MUSTER_JOB_UID=" + std::to_string(order.user.uid),
          "MUSTER_JOB_GID=" + std::to_string(order.user.gid),
          "MUSTER_NODE=" + share.name,
          "MUSTER_POOL=" + order.pool,
          "MUSTER_CLUSTER=" + order.cluster,
          "MUSTER_CORES=" + to_text(share.cores),
          "MUSTER_GPUS=" + to_text(share.gpus),
          "MUSTER_NODE_DIR=" + node_dir};
}

std::string last_line(std::string_view output) {
  output = base::trim(output);
  return base::printable(output.substr(output.rfind('\n') + 1), most_of_line);
}

}  // namespace

std::string site_log(const std::string& node_dir) {
  return node_dir + "/care/programs";
}

SitePrograms::SitePrograms(loop::Loop& loop, const LaunchDirs& dirs, std::string node_dir,
                           const loop::Log& log, Events events)
    : loop_(loop),
      dirs_(dirs),
      node_dir_(std::move(node_dir)),
      log_(log),
      events_(std::move(events)) {}

std::string_view SitePrograms::to_text(Which which) {
  return which == Which::prolog ? "prolog" : "epilog";
}

void SitePrograms::run_prolog(const model::LaunchOrder& order) {
  run(order, Which::prolog);
}

void SitePrograms::run_epilog(const model::LaunchOrder& order) {
  run(order, Which::epilog);
}

std::optional<base::Duration> SitePrograms::longest_limit() const {
  std::optional<base::Duration> longest;
  for (const auto& [key, run] : runs_) {
    if (!run.is_over) longest = std::max(longest.value_or(run.limit), run.limit);
  }
  return longest;
}

SitePrograms::Run& SitePrograms::run_of(const model::LaunchKey& key) {
  const auto known = runs_.find(key);
  if (known != runs_.end()) return known->second;
  const auto folder = dirs_.path(key) + "/site";
  // Where it is missing the program cannot be started, which says why.
  (void)loop::make_directories(folder, 0700);
  auto& run = runs_[key];
  // The end is passed on when the one who tells it is not on the stack any more.
  run.steps = std::make_unique<CareSteps>(loop_, folder, [this, key](agent::StepEnd end) {
    loop_.defer([this, key, number = runs_.at(key).number, end = std::move(end)] {
      ended(key, number, end);
    });
  });
  run.timer = std::make_unique<loop::Timer>(loop_, [this, key] { take_too_long(key); });
  run.steps->sweep();
  return run;
}

void SitePrograms::run(const model::LaunchOrder& order, Which which) {
  std::erase_if(runs_, [&order](const auto& each) {
    const bool is_other = each.first != order.key;
    return is_other && each.second.is_over && each.second.steps->is_clean();
  });
  const auto& programs = order.site_programs;
  auto& run = run_of(order.key);
  run.which = which;
  ++run.number;
  run.is_over = false;
  run.limit = which == Which::prolog ? programs.prolog_limit : programs.epilog_limit;
  run.steps->run(
      {.title = std::string(to_text(which)),
       .program = "/bin/sh",
       .arguments = {"sh", "-c", which == Which::prolog ? programs.prolog : programs.epilog},
       .variables = variables_of(order, node_dir_),
       .started = [timer = run.timer.get(), limit = run.limit] { timer->start(limit); }});
}

/// It has ended with that, whether it can be killed or not.
void SitePrograms::take_too_long(const model::LaunchKey& key) {
  auto& run = runs_.at(key);
  agent::StepEnd end{.fault = "did not end within " + base::to_text(run.limit),
                     .output = run.steps->output()};
  run.steps->stop();
  ended(key, run.number, end);
}

/// The prolog's time may have been over just before it told its end: that is none of the epilog's.
void SitePrograms::ended(const model::LaunchKey& key, int number, const agent::StepEnd& end) {
  const auto found = runs_.find(key);
  if (found == runs_.end() || found->second.number != number) return;
  if (std::exchange(found->second.is_over, true)) return;
  auto& run = found->second;
  run.timer->stop();
  const auto which = run.which;
  const auto what =
      fmt::format("{} of job {}, attempt {}", to_text(which), model::to_text(key.job), key.attempt);
  auto fault = end.fault;
  if (!fault.empty()) {
    const auto line = last_line(end.output);
    if (!line.empty()) fault += ": " + line;
    log_.warn("site_program_failed", {{"what", what}, {"how", fault}});
    append_log(site_log(node_dir_), fmt::format("--- {} {} {}\n{}\n", base::to_text(loop::now()),
                                                what, end.fault, end.output));
  }
  const auto& tell = which == Which::prolog ? events_.prolog_ended : events_.epilog_ended;
  tell(key, std::move(fault));
}

}  // namespace agentd
