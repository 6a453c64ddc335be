// checkpoint: says that the work of a job is safe until now.

#include <array>
#include <cstdlib>

#include "cli/api.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr std::array checkpoint_table{dir_option, help_option};

Try<JobName> job_that_saved(const Api& api, const options::Parsed& line) {
  if (!line.rest.empty()) return only_job(api, line);
  const char* own = std::getenv("MUSTER_JOB_ID");
  if (own != nullptr) return job_name(api, own);
  return misuse("expected the id of a job; inside a job none is needed");
}

Outcome checkpoint(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto job = job_that_saved(*api, line);
  if (!job) return std::unexpected(job.error());
  const auto done = api->post(job_target(*job, "/checkpoint"), "{}");
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

}  // namespace

constinit const Verb checkpoint_verb{
    "checkpoint",
    "[OPTIONS] [ID|last]",
    "Say that a job has saved its work.",
    "Called by the job itself, or with its id from elsewhere. When a more important job needs "
    "room, "
    "the one that loses least by starting again from its last checkpoint makes it. Touching the "
    "file $MUSTER_CHECKPOINT_FILE says the same, within a second.",
    [] { return std::span<const options::Option>(checkpoint_table); },
    options::Operands::anywhere,
    checkpoint};

}  // namespace cli
