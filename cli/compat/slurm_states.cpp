#include "cli/compat/slurm_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"

namespace compat {

namespace {

using model::Cause;
using model::JobState;

/// Of those that jobs of Muster have, among `states`.
enum Place {
  pending,
  running,
  suspended,
  completed,
  cancelled,
  failed,
  timeout,
  node_fail,
  preempted,
  boot_fail,
  deadline,
  out_of_memory,
  configuring,
  completing
};

constexpr std::array<SlurmState, 23> states{
    {{"PENDING", "PD"},         {"RUNNING", "R"},          {"SUSPENDED", "S"},
     {"COMPLETED", "CD", true}, {"CANCELLED", "CA", true}, {"FAILED", "F", true},
     {"TIMEOUT", "TO", true},   {"NODE_FAIL", "NF", true}, {"PREEMPTED", "PR", true},
     {"BOOT_FAIL", "BF", true}, {"DEADLINE", "DL", true},  {"OUT_OF_MEMORY", "OOM", true},
     {"CONFIGURING", "CF"},     {"COMPLETING", "CG"},      {"RESIZING", "RS"},
     {"REVOKED", "RV", true},   {"SPECIAL_EXIT", "SE"},    {"REQUEUED", "RQ"},
     {"REQUEUE_HOLD", "RH"},    {"REQUEUE_FED", "RF"},     {"SIGNALING", "SI"},
     {"STAGE_OUT", "SO"},       {"STOPPED", "ST"}}};

constexpr int signal_base = 128;

bool ended_by(const model::JobRecord& job, Cause cause) {
  return job.outcome && job.outcome->failure && job.outcome->failure->cause == cause;
}

Place place_of(const model::JobRecord& job) {
  switch (job.state) {
    case JobState::waiting:
      return pending;
    case JobState::starting:
      return configuring;
    case JobState::running:
      return running;
    case JobState::ending:
      return completing;
    case JobState::completed:
      return completed;
    case JobState::failed:
      return ended_by(job, Cause::out_of_memory) ? out_of_memory : failed;
    case JobState::cancelled:
      return cancelled;
    case JobState::timed_out:
      return ended_by(job, Cause::deadline) ? deadline : timeout;
    case JobState::node_lost:
      return node_fail;
    case JobState::preempted:
      return preempted;
  }
  return failed;
}

std::string_view quota_reason(model::QuotaResource resource) {
  switch (resource) {
    case model::QuotaResource::cores:
      return "AssocGrpCpuLimit";
    case model::QuotaResource::gpus:
      return "AssocGrpGRES";
    case model::QuotaResource::nodes:
      return "AssocGrpNodeLimit";
    case model::QuotaResource::running_jobs:
      return "AssocGrpJobsLimit";
    case model::QuotaResource::queued_jobs:
      return "AssocMaxSubmitJobLimit";
    case model::QuotaResource::gpu_hours:
      return "AssocGrpGRESMinutes";
    case model::QuotaResource::core_hours:
      return "AssocGrpCPUMinutesLimit";
  }
  return "None";
}

std::string_view waiting_reason(const model::JobRecord& job) {
  if (!job.reason) return "None";
  using Text = std::string_view;
  return std::visit(
      base::Overloaded{[](const model::NotConsidered&) -> Text { return "None"; },
                       [&](const model::Held& r) -> Text {
                         return r.by.empty() || r.by == job.user.name ? "JobHeldUser"
                                                                      : "JobHeldAdmin";
                       },
                       [](const model::ShortOfResources&) -> Text { return "Resources"; },
                       [](const model::NodesAway&) -> Text { return "ReqNodeNotAvail"; },
                       [](const model::Behind&) -> Text { return "Priority"; },
                       [](const model::WouldDelay&) -> Text { return "Priority"; },
                       [](const model::BackOff&) -> Text { return "BeginTime"; },
                       [](const model::Preempting&) -> Text { return "Resources"; },
                       [](const model::BeginTime&) -> Text { return "BeginTime"; },
                       [](const model::DependsOn&) -> Text { return "Dependency"; },
                       [](const model::ArrayLimit&) -> Text { return "JobArrayTaskLimit"; },
                       [](const model::ShortOfLicenses&) -> Text { return "Licenses"; },
                       [](const model::Booked&) -> Text { return "Reservation"; },
                       [](const model::Quota& r) -> Text { return quota_reason(r.resource); },
                       [](const model::NodesComing& r) -> Text {
                         return r.is_stopped ? "ReqNodeNotAvail" : "Resources";
                       }},
      *job.reason);
}

std::string ended_reason(const model::JobRecord& job) {
  const auto* failure = job.outcome && job.outcome->failure ? &*job.outcome->failure : nullptr;
  if (failure == nullptr) return "None";
  const auto place = place_of(job);
  if (place == timeout) return "TimeLimit";
  if (place == deadline) return "DeadLine";
  if (place == node_fail) return "NodeDown";
  if (place == out_of_memory) return "OutOfMemory";
  if (place != failed) return "None";
  if (failure->cause == Cause::dependency) return "DependencyNeverSatisfied";
  if (failure->cause == Cause::cannot_start || model::is_of_preparation(*failure))
    return "JobLaunchFailure";
  if (const auto status = exit_status(job); status.signal != 0)
    return fmt::format("RaisedSignal:{}", status.signal);
  return "NonZeroExitCode";
}

/// Of the whole record of a launch that ended so.
ExitStatus status_of(int exit_code, const model::Failure* failure) {
  const bool is_by_signal = failure != nullptr && failure->cause == Cause::signal;
  if (is_by_signal && exit_code == signal_base + failure->code) return {0, failure->code};
  return {exit_code, 0};
}

struct NodeWord {
  std::string_view word;   // sinfo %T
  std::string_view brief;  // sinfo %t
  std::string_view whole;  // scontrol
  std::string_view mark;   // behind the first two
};

bool is_full(const model::NodeRecord& node) {
  return node.cores_used.count() >= static_cast<int>(node.info.topology.cores.size());
}

NodeWord use_of(const model::NodeRecord& node) {
  if (node.jobs.empty()) return {"idle", "idle", "IDLE", ""};
  if (is_full(node)) return {"allocated", "alloc", "ALLOCATED", ""};
  return {"mixed", "mix", "MIXED", ""};
}

NodeWord word_of(const model::NodeRecord& node) {
  using enum model::NodeState;
  switch (node.state) {
    case idle:
    case busy:
      return use_of(node);
    case away:
    case lost:
      return {"down", "down", "DOWN+NOT_RESPONDING", "*"};
    case evicted:
    case draining:
      return {"draining", "drng", is_full(node) ? "ALLOCATED+DRAIN" : "MIXED+DRAIN", ""};
    case drained:
      return {"drained", "drain", "IDLE+DRAIN", ""};
    case wanted:
    case starting:
      return {"allocated", "alloc", "ALLOCATED+POWERING_UP", "#"};
    case preparing:
      return {"down", "down", "DOWN+POWERING_UP", "#"};
    case leaving:
      return {"idle", "idle", "IDLE+POWERING_DOWN", "%"};
    case unusable:
      return {"down", "down", "DOWN", ""};
    case absent:
      return {"idle", "idle", "IDLE+POWERED_DOWN", "~"};
  }
  return {"unknown", "unk", "UNKNOWN", ""};
}

}  // namespace

std::span<const SlurmState> slurm_states() {
  return states;
}

const SlurmState& slurm_state(const model::JobRecord& job) {
  return states[place_of(job)];
}

base::Result<std::vector<std::string_view>> states_from_text(std::string_view text) {
  std::vector<std::string_view> found;
  for (const auto part : base::split(text, ',')) {
    const auto word = base::to_lower(base::trim(part));
    if (word == "all") {
      for (const auto& state : states) found.push_back(state.name);
      continue;
    }
    const auto state = std::ranges::find_if(states, [&](const SlurmState& one) {
      return base::to_lower(one.name) == word || base::to_lower(one.letters) == word;
    });
    if (state == states.end()) {
      std::vector<std::string> known;
      for (const auto& one : states) known.emplace_back(one.name);
      return base::fail(base::Code::invalid,
                        fmt::format("Invalid job state specified: {}\nValid job states include: {}",
                                    base::printable(part), base::join(known, ",")));
    }
    found.push_back(state->name);
  }
  return found;
}

std::string slurm_reason(const model::JobRecord& job) {
  if (job.state == JobState::waiting) return std::string(waiting_reason(job));
  return model::is_final(job.state) ? ended_reason(job) : "None";
}

ExitStatus exit_status(const model::JobRecord& job) {
  constexpr int killed_for_memory = 125;
  if (!job.outcome) return {};
  const auto place = place_of(job);
  if (place == out_of_memory) return {0, killed_for_memory};
  if (place == node_fail) return {1, 0};
  if (place != failed && place != completed) return {};
  const auto& failure = job.outcome->failure;
  const bool is_of_script = failure && !failure->step;
  return status_of(job.outcome->exit_code, is_of_script ? &*failure : nullptr);
}

ExitStatus exit_status(const model::StepRecord& step) {
  return status_of(step.exit_code, step.failure ? &*step.failure : nullptr);
}

std::string to_text(const ExitStatus& status) {
  return fmt::format("{}:{}", status.code, status.signal);
}

std::string account_state(const model::JobRecord& job) {
  const auto name = std::string(slurm_state(job).name);
  if (job.state != JobState::cancelled || !ended_by(job, Cause::cancelled)) return name;
  const auto& text = job.outcome->failure->text;
  if (text == "by " + job.user.name) return fmt::format("{} by {}", name, job.user.uid);
  return text == "by root" ? name + " by 0" : name;
}

std::string account_state(const model::StepRecord& step, const model::JobRecord& job) {
  if (!step.ended_at) return "RUNNING";
  if (!step.failure) return step.exit_code == 0 ? "COMPLETED" : "FAILED";
  if (step.failure->cause == Cause::out_of_memory) return "OUT_OF_MEMORY";
  const bool is_told = step.failure->cause == Cause::told_to_end ||
                       step.failure->cause == Cause::cancelled ||
                       step.failure->cause == Cause::time_limit;
  const bool is_with_job = job.state == JobState::cancelled || job.state == JobState::timed_out ||
                           job.state == JobState::preempted;
  return is_told || is_with_job ? "CANCELLED" : "FAILED";
}

std::string node_state(const model::NodeRecord& node) {
  const auto word = word_of(node);
  return std::string(word.word).append(word.mark);
}

std::string long_node_state(const model::NodeRecord& node) {
  return std::string(word_of(node).whole);
}

std::string short_node_state(const model::NodeRecord& node) {
  const auto word = word_of(node);
  return std::string(word.brief).append(word.mark);
}

}  // namespace compat
