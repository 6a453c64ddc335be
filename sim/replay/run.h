#pragma once
// Replays a workload in virtual time through the production engine and policy.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/view.h"
#include "sim/replay/attempts.h"
#include "sim/replay/workload.h"

namespace replay {

/// What happens at one moment. `batch`: all ends and submissions, then one pass, as in production.
/// `pyss`: submissions first, one by one, each followed by a pass to which cores count as free
/// whose estimated end has come; then ends in order of start, a pass after each (as the simulator
/// pyss does, of the schedules that were published with it).
enum class EventOrder { batch, pyss };

/// What the policy is told of run times: what users asked for, the truth, what is predicted when a
/// job is submitted, by what was asked for before (which a job may run beyond), or nothing.
enum class Estimates { requested, actual, predicted, none };

/// "requested", "actual", "predicted", "none".
std::string_view to_text(Estimates estimates);

struct Options {
  EventOrder event_order = EventOrder::batch;
  Estimates estimates = Estimates::requested;
  scheduler::Settings settings{};
  Saving saving{};
};

struct Result {
  // Since the start of the log, by index of the workload's jobs:
  std::vector<base::Duration> starts;  // of their first attempts
  std::vector<base::Duration> ends;    // of their last ones
  std::vector<Span> attempts;          // all, in order of their ends
  std::uint64_t preemptions = 0;
  base::Duration lost_work{};  // core time of preempted attempts but for what was saved; restarts
  std::uint64_t passes = 0;
  base::Duration passes_took{};  // real time of all passes
  base::Duration longest_pass{};
};

/// Called now and then with the number of jobs that have ended.
using Progress = std::function<void(std::size_t n_ended)>;

/// Reads the real clock, in microseconds.
using Stopwatch = std::function<base::Duration()>;

/// Every job of the workload fits the machine; the reader has seen to that.
Result run(const Workload& workload, const scheduler::Policy& policy, const Options& options,
           const Stopwatch& stopwatch, const Progress& progress);

}  // namespace replay
