#pragma once
// Options of sbatch and qsub as those of submit: a request has one meaning, whoever's words it is
// in.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/request/table.h"
#include "lib/base/result.h"
#include "lib/model/job.h"

namespace dialect {

constexpr int most_of_anything = 1'000'000;

/// "1024M", rounded up: as submit's options take memory.
std::string in_mebibytes(std::uint64_t bytes);

/// The place of what stands on a command line.
constexpr std::string_view command_line = "command line";

/// What options of another scheduler come to.
struct Translation {
  std::vector<request::PlacedOption> options;  // of submit, in order
  model::Environment variables;                // of the job, which repeat the request
  std::vector<std::string> notes;              // what is not done of what was asked for
  std::vector<std::string> arguments;          // of the script, before those of the command line
  std::string shell;  // that reads the script; empty: as its first line says

  void add(request::OptionId id, std::string value, const request::PlacedOption& from);
  /// "PLACE: WHAT"
  void note(const request::PlacedOption& from, std::string_view what);
};

/// "PLACE: --gpus: expected EXPECTED, found 'VALUE'"
std::unexpected<base::Error> not_expected(const request::PlacedOption& one,
                                          std::string_view expected);
/// "PLACE: --uid: WHY"
std::unexpected<base::Error> refused(const request::PlacedOption& one, std::string_view why);

/// given     with the ids of slurm.def, those that win behind the others
/// errors    invalid, with the place: what is refused, and values that make no sense
base::Result<Translation> from_slurm(std::span<const request::PlacedOption> given);

/// The options that variables such as SBATCH_TIMELIMIT stand for, with the ids of slurm.def.
std::vector<request::PlacedOption> slurm_options_in(const model::Environment& environment);

/// given        with the ids of pbs.def, those that win behind the others
/// environment  of who submits
/// errors       as of from_slurm
base::Result<Translation> from_pbs(std::span<const request::PlacedOption> given,
                                   const model::Environment& environment);

}  // namespace dialect
