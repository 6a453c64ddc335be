#pragma once
// What comes of reading a log of jobs, and the rules that all formats share: which jobs count, what
// a line must be, what is done with one that is not.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "sim/replay/workload.h"

namespace replay {

/// `strong`: jobs without a size, run time, requested time or submission are dropped, and so are
/// those larger than the machine. `none`: a job without a requested time asked for its run time;
/// whatever else cannot be run is a bad line.
enum class Filter { strong, none };

/// "P" is one node of P cores, "NODESxP" several; in a log of GPU jobs P counts GPUs.
struct MachineSize {
  int nodes = 1;
  int per_node = 1;

  bool operator==(const MachineSize&) const = default;
};

/// One node, or as few equal ones as the limit of a node's cores allows; jobs of single cores do
/// not see the difference.
MachineSize pool_of(int n_processors);

/// errors: invalid
base::Result<MachineSize> parse_machine(std::string_view text);

/// How a log is to be read.
struct Reading {
  Filter filter = Filter::strong;
  std::optional<MachineSize> machine;  // absent: what the log or its format says
  bool skip_bad = false;               // go on after lines that make no sense
};

/// Why a job cannot be run as it stands.
enum class Flaw {
  no_size,
  too_large,
  no_run_time,
  no_requested_time,
  no_submission,
  no_start,
  no_end
};
constexpr std::size_t n_flaws = 7;

struct Log {
  Workload workload;
  std::vector<std::string> rows;             // as lines in SWF, by index of the workload's jobs
  std::array<std::size_t, n_flaws> dropped;  // jobs of each flaw
  std::size_t n_bad = 0;                     // lines that were skipped
  std::string first_bad;

  std::size_t n_dropped() const;
};

/// "dropped 3 of 10 jobs: 2 without a run time, 1 larger than the machine"; empty if none was.
std::string dropped_text(const Log& log);

/// The lines of a text that are not blank, one by one, without white space at their ends.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next();
  std::size_t number() const { return number_; }  // of the line that came last, from 1 on

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// A job as the log has it, nothing checked: sizes and times may be negative.
struct Claim {
  Job job;
  std::string row;
};

/// Collects the jobs of a log line by line.
class Intake {
 public:
  /// `place` is what the numbers of take() and reject() count.
  Intake(const Reading& reading, const Machine& machine, std::string_view place = "line");

  /// errors: that of the job if it cannot be run, unless it is dropped or skipped
  base::Result<void> take(std::size_t number, Claim claim);

  /// A line that makes no sense: its error, unless such lines are skipped.
  base::Result<void> reject(std::size_t number, const base::Error& error);

  /// A job that did not run, whatever the filter.
  void drop(Flaw flaw) { ++log_.dropped[static_cast<std::size_t>(flaw)]; }

  /// The jobs in order of submission; at the same time by their number, as logs are written.
  /// errors: invalid when no job is left, or their run times add up to ages
  base::Result<Log> finish() &&;

 private:
  std::optional<Flaw> flaw_of(const Job& job) const;

  Reading reading_;
  std::string_view place_;
  Log log_;
  std::vector<Claim> claims_;
};

/// Whole numbers, each with a bound so that no sum of them runs over.
constexpr std::int64_t longest_time_s = 1'000'000'000;  // 31 years
constexpr std::int64_t last_submission_s = 100'000'000'000;
constexpr int largest_machine = 1'000'000;

/// errors: invalid, with what was found; `unit` is such as "seconds", or empty
base::Result<std::int64_t> parse_whole(std::string_view text, std::int64_t most,
                                       std::string_view unit);

}  // namespace replay
