#pragma once
// Records of jobs for the tests of what the commands of Slurm and PBS print.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "lib/model/record.h"

namespace support {

constexpr base::Time noon = base::time_from_us(1'800'000'000'000'000);

inline model::JobRecord waiting_job(std::uint32_t id) {
  model::JobRecord job{.job = model::JobId(id)};
  job.user = {1000, 100, "ann"};
  job.name = "train";
  job.layout.tasks = 4;
  job.layout.nodes = 2;
  job.script_name = "train.sh";
  job.arguments = {"--epochs", "3"};
  job.work_dir = "/home/ann";
  job.output = "/home/ann/%x-%j.out";
  job.time_limit = std::chrono::hours(26);
  job.submitted_at = noon - std::chrono::seconds(100);
  return job;
}

inline model::JobRecord running_job(std::uint32_t id) {
  auto job = waiting_job(id);
  job.state = model::JobState::running;
  job.attempt = 1;
  job.started_at = noon - std::chrono::seconds(65);
  for (std::uint32_t n = 1; n <= 2; ++n) {
    job.allocation.nodes.push_back({.node = model::NodeId(n),
                                    .name = "n" + std::to_string(n),
                                    .tasks = 2,
                                    .cores = model::CoreSet::range(0, 2),
                                    .gpus = {},
                                    .memory = base::Bytes(std::uint64_t{2} << 30)});
  }
  return job;
}

inline model::JobRecord ended_job(std::uint32_t id, model::JobState state, int exit_code,
                                  model::Failure failure) {
  auto job = running_job(id);
  job.state = state;
  job.ended_at = noon - std::chrono::seconds(5);
  job.outcome = model::Outcome{model::ending_of(state).value_or(model::Ending::failed), exit_code,
                               std::move(failure)};
  return job;
}

/// Tasks 0 to 3, of which the first has started.
inline model::JobRecord waiting_array(std::uint32_t id) {
  auto job = waiting_job(id);
  job.array = model::Array{model::IndexSet::range(0, 4), 2};
  job.tally.emplace();
  job.tally->has_begun = true;
  job.tally->pending = model::IndexSet::range(1, 3);
  return job;
}

}  // namespace support
