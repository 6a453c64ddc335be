#pragma once
// What every command that submits has in common: submit, sbatch and qsub.

#include <string>
#include <string_view>

#include "cli/api.h"
#include "cli/problem.h"
#include "cli/request/submission.h"

namespace cli {

/// How such a command speaks.
struct SubmitStyle {
  std::string_view who;           // begins what it says on standard error
  std::string_view told;          // in front of the id of the job, such as "Submitted batch job "
  std::string_view cluster = {};  // that is told with the id; empty: none
  bool is_quiet = false;          // tells of problems alone
  bool has_id = true;             // prints the id, unless it is quiet
  bool is_foreign = false;  // what is no id goes to standard error, and only ends of scripts count
};

/// Where and by whom the command is run.
Try<request::Surroundings> surroundings();

/// Prints what may be a mistake, and what of the request is not done.
void tell_of(const request::Submission& submission, const SubmitStyle& style);

/// Submits the job or, with --test-only, asks what would become of it; waits for it with --wait.
Outcome submit_job(const Api& api, request::Submission submission, const SubmitStyle& style);

}  // namespace cli
