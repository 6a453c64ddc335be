#include "scheduler/core/suspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "lib/base/text.h"

namespace scheduler {

namespace {

using base::Time;

constexpr std::size_t most_said = 160;  // of each job, in the reason of the drain

/// Not what somebody wanted, nor what a limit of the job or the loss of another node brought about.
bool may_be_its_fault(model::Cause cause) {
  using enum model::Cause;
  switch (cause) {
    case exit_code:
    case signal:
    case aborted:
    case before_init:
    case not_finalized:
    case cannot_start:
    case launcher_lost:
    case output_lost:
    case preparation:
    case mount:
    case image:
      return true;
    case refused:
    case peer_lost:
    case hang:
    case told_to_end:
    case cancelled:
    case time_limit:
    case node_lost:
    case preempted:
    case deadline:
    case dependency:
    case out_of_memory:
    case grow:
    case evicted:
    case gpu_idle:
    case prolog:  // has it drained as it is
    case requeued:
    case requeued_held:
      return false;
  }
  return false;
}

bool is_fresh(const model::NodeSuspicion& suspicion, Time now) {
  return suspicion.at + suspicion_lasts > now;
}

/// Whether jobs of this user failed on another node lately.
bool fails_elsewhere(const State& state, const Node& node, std::uint32_t uid, Time now) {
  return std::ranges::any_of(state.nodes, [&](const auto& each) {
    return each.first != node.id &&
           std::ranges::any_of(each.second.suspicions, [&](const auto& suspicion) {
             return suspicion.suspicion.uid == uid && is_fresh(suspicion, now);
           });
  });
}

/// The evidence that counts, the last of each job.
std::vector<model::Suspicion> evidence(const State& state, const Node& node,
                                       std::vector<model::NodeSuspicion> all, Time now) {
  std::vector<model::Suspicion> counted;
  std::set<model::JobId> jobs;
  std::reverse(all.begin(), all.end());
  for (const auto& each : all) {
    if (!is_fresh(each, now) || !jobs.insert(each.suspicion.job).second) continue;
    if (!fails_elsewhere(state, node, each.suspicion.uid, now)) counted.push_back(each.suspicion);
  }
  std::reverse(counted.begin(), counted.end());
  return counted;
}

std::string reason_of(const std::vector<model::Suspicion>& evidence, std::size_t n_users) {
  std::vector<std::string> parts;
  for (const auto& each : evidence)
    parts.push_back(
        fmt::format("job {}: {}", to_text(each.job), base::printable(each.what, most_said)));
  return fmt::format("{} of {} failed there one after another: {}",
                     base::plural(static_cast<std::int64_t>(evidence.size()), "job"),
                     base::plural(static_cast<std::int64_t>(n_users), "user"),
                     base::join(parts, "; "));
}

}  // namespace

std::vector<model::FactBody> suspect(const State& state, const Settings& settings,
                                     const LaunchEnd& end, Time now) {
  const auto& [node, job, report] = end;
  const auto limit = static_cast<std::size_t>(settings.suspect_after);
  if (limit == 0 || node.drain || !report.failure || !may_be_its_fault(report.failure->cause))
    return {};
  // One that is ended, for whatever reason, fails of that.
  if (std::holds_alternative<Ending>(job.phase)) return {};
  // What a preparation takes to undo is nobody's fault.
  const Attempt* attempt = active_attempt(job);
  if (report.key.preparation && attempt != nullptr && attempt->batch.report) return {};
  const auto n_of_user = std::ranges::count_if(node.suspicions, [&](const auto& each) {
    return each.suspicion.uid == job.user.uid && is_fresh(each, now);
  });
  if (static_cast<std::size_t>(n_of_user) >= limit) return {};
  const model::Suspicion suspicion{
      .job = job.id, .uid = job.user.uid, .what = model::describe(*report.failure)};
  std::vector<model::FactBody> facts{model::NodeSuspected{node.id, suspicion}};
  auto all = node.suspicions;
  all.push_back({now, suspicion});
  const auto counted = evidence(state, node, std::move(all), now);
  std::set<std::uint32_t> users;
  for (const auto& each : counted) users.insert(each.uid);
  if (counted.size() < limit || users.size() < 2) return facts;
  facts.push_back(model::NodeDrained{
      .node = node.id, .by = "musterd", .reason = reason_of(counted, users.size()), .until = {}});
  return facts;
}

}  // namespace scheduler
