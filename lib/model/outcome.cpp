#include "lib/model/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "lib/base/check.h"
#include "lib/model/job.h"

namespace model {

namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<Cause, 28> cause_names{{{Cause::exit_code, "exit_code"},
                                        {Cause::signal, "signal"},
                                        {Cause::aborted, "aborted"},
                                        {Cause::before_init, "before_init"},
                                        {Cause::not_finalized, "not_finalized"},
                                        {Cause::refused, "refused"},
                                        {Cause::cannot_start, "cannot_start"},
                                        {Cause::launcher_lost, "launcher_lost"},
                                        {Cause::peer_lost, "peer_lost"},
                                        {Cause::hang, "hang"},
                                        {Cause::told_to_end, "told_to_end"},
                                        {Cause::cancelled, "cancelled"},
                                        {Cause::time_limit, "time_limit"},
                                        {Cause::node_lost, "node_lost"},
                                        {Cause::preempted, "preempted"},
                                        {Cause::deadline, "deadline"},
                                        {Cause::dependency, "dependency"},
                                        {Cause::out_of_memory, "out_of_memory"},
                                        {Cause::output_lost, "output_lost"},
                                        {Cause::grow, "grow"},
                                        {Cause::evicted, "evicted"},
                                        {Cause::preparation, "preparation"},
                                        {Cause::mount, "mount"},
                                        {Cause::image, "image"},
                                        {Cause::gpu_idle, "gpu_idle"},
                                        {Cause::prolog, "prolog"},
                                        {Cause::requeued, "requeued"},
                                        {Cause::requeued_held, "requeued_held"}}};

constexpr Names<Ending, 6> ending_names{{{Ending::completed, "completed"},
                                         {Ending::failed, "failed"},
                                         {Ending::cancelled, "cancelled"},
                                         {Ending::timed_out, "timed_out"},
                                         {Ending::node_lost, "node_lost"},
                                         {Ending::preempted, "preempted"}}};

template <class Enum, std::size_t N>
std::string_view name_of(const Names<Enum, N>& names, Enum value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  base::check(false, "every enumerator has a name");
  return {};
}

template <class Enum, std::size_t N>
std::optional<Enum> named(const Names<Enum, N>& names, std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

/// Who it happened to: "step 0: rank 2 on n2", "the script on n1".
std::string subject(const Failure& failure) {
  if (failure.cause == Cause::deadline || failure.cause == Cause::dependency ||
      failure.cause == Cause::grow || failure.cause == Cause::gpu_idle || is_requeue(failure.cause))
    return "the job";
  if (failure.cause == Cause::hang && failure.step)
    return fmt::format("step {}", failure.step->number());
  if (failure.cause == Cause::prolog) return "the prolog on " + failure.node;
  if (is_of_preparation(failure))
    return failure.node.empty() ? "the preparation" : "the preparation on " + failure.node;
  const bool is_of_node = failure.cause == Cause::node_lost || failure.cause == Cause::evicted;
  if (is_of_node && !failure.rank && !failure.node.empty()) return failure.node;
  std::string text = failure.step ? fmt::format("step {}: ", failure.step->number()) : "";
  text += failure.rank   ? fmt::format("rank {}", *failure.rank)
          : failure.step ? "launch"
                         : "the script";
  if (!failure.node.empty()) text += " on " + failure.node;
  return text;
}

std::string happening(const Failure& failure) {
  switch (failure.cause) {
    case Cause::exit_code:
      return fmt::format("exited with code {}", failure.code);
    case Cause::signal:
      return fmt::format("was killed by {}", signal_name(failure.code));
    case Cause::aborted:
      return fmt::format("called MPI_Abort with code {}", failure.code);
    case Cause::before_init:
      return fmt::format("ended with code {} before MPI_Init while other ranks waited in it",
                         failure.code);
    case Cause::not_finalized:
      return "exited without MPI_Finalize";
    case Cause::refused:
      return "was refused by its launcher";
    case Cause::cannot_start:
      return "could not start";
    case Cause::launcher_lost:
      return "lost its launcher";
    case Cause::peer_lost:
      return "lost contact with the other nodes of the step";
    case Cause::hang:
      return "hung";
    case Cause::told_to_end:
      return "was told to end";
    case Cause::cancelled:
      return "was cancelled";
    case Cause::time_limit:
      return "reached its time limit";
    case Cause::node_lost:
      return failure.rank || failure.node.empty() ? "lost its node" : "was lost";
    case Cause::preempted:
      return "was preempted";
    case Cause::deadline:
      return "reached its deadline";
    case Cause::dependency:
      return "can never start";
    case Cause::out_of_memory:
      return failure.code == 0
                 ? "was killed: out of memory"
                 : fmt::format("exited with code {}: a process of it was killed, out of memory",
                               failure.code);
    case Cause::output_lost:
      return "lost output";
    case Cause::grow:
      return "is started again to grow";
    case Cause::evicted:
      return "was evicted";
    case Cause::preparation:
      return failure.code == 0 ? "failed" : fmt::format("exited with code {}", failure.code);
    case Cause::mount:
      return "could not mount";
    case Cause::image:
      return "could not get or start the image";
    case Cause::gpu_idle:
      return "left its GPUs idle";
    case Cause::prolog:
      return "failed";
    case Cause::requeued:
      return "is started again";
    case Cause::requeued_held:
      return "is to start again when it is released, held";
  }
  base::check(false, "every cause is described");
  return {};
}

/// Which ending of a task counts for all.
int gravity(Ending ending) {
  switch (ending) {
    case Ending::completed:
      return 0;
    case Ending::cancelled:
      return 1;
    case Ending::timed_out:
      return 2;
    case Ending::preempted:
      return 3;
    case Ending::node_lost:
      return 4;
    case Ending::failed:
      return 5;
  }
  base::check(false, "every ending has its gravity");
  return 0;
}

void weigh(ArrayTally& tally, const Outcome& outcome) {
  const int highest = std::max(outcome.exit_code, tally.worst ? tally.worst->exit_code : 0);
  if (!tally.worst || gravity(outcome.ending) > gravity(tally.worst->ending)) tally.worst = outcome;
  tally.worst->exit_code = highest;
}

}  // namespace

bool is_of_preparation(const Failure& failure) {
  return failure.cause == Cause::preparation || failure.cause == Cause::mount ||
         failure.cause == Cause::image;
}

std::string_view to_text(Cause cause) {
  return name_of(cause_names, cause);
}

std::optional<Cause> cause_from_text(std::string_view text) {
  return named(cause_names, text);
}

std::string_view to_text(Ending ending) {
  return name_of(ending_names, ending);
}

std::optional<Ending> ending_from_text(std::string_view text) {
  return named(ending_names, text);
}

void count_cancelled(ArrayTally& tally, const IndexSet& tasks, const Failure& why) {
  const auto cancelled = tally.pending & tasks;
  if (cancelled.empty()) return;
  tally.pending -= cancelled;
  tally.ended[Ending::cancelled] += cancelled.count();
  weigh(tally, {.ending = Ending::cancelled, .exit_code = 1, .failure = why});
}

void count_end(ArrayTally& tally, int index, const Outcome& outcome) {
  ++tally.ended[outcome.ending];
  if (outcome.ending == Ending::completed) {
    tally.completed.add(index);
    return;
  }
  auto named = outcome;
  if (named.failure) {
    const auto task = fmt::format("task {}", index);
    auto& text = named.failure->text;
    text = text.empty() ? task : fmt::format("{}: {}", task, text);
  }
  weigh(tally, named);
}

Outcome outcome_of(const ArrayTally& tally) {
  return tally.worst.value_or(Outcome{});
}

std::string describe(const Failure& failure) {
  std::string text = subject(failure) + " " + happening(failure);
  const auto separator = failure.cause == Cause::out_of_memory ? ", "
                         : failure.cause == Cause::grow        ? " "
                         : is_requeue(failure.cause)           ? " by "
                                                               : ": ";
  if (!failure.text.empty()) text += separator + failure.text;
  return text;
}

void add_to(std::optional<GpuUse>& sum, const GpuUse& use) {
  if (!sum) sum.emplace();
  sum->watched += use.watched;
  sum->busy += use.busy;
  sum->memory_peak = std::max(sum->memory_peak, use.memory_peak);
}

double busy_part(const GpuUse& use) {
  if (use.watched <= base::Duration()) return 0;
  return static_cast<double>(use.busy.count()) / static_cast<double>(use.watched.count());
}

std::string busy_text(const GpuUse& use) {
  return std::to_string(std::lround(100 * busy_part(use))) + "%";
}

}  // namespace model
