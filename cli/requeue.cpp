// requeue: has running jobs start again.

#include <array>

#include "cli/act.h"
#include "cli/verb.h"

namespace cli {

namespace {

enum RequeueId { hold_id };
constexpr std::array requeue_table{
    options::Option{hold_id, "hold", 'H', "",
                    "Hold them: they start again when they are released."},
    dir_option, help_option};

Outcome requeue(const options::Parsed& line) {
  return act_on_jobs(line, "requeue", options::has(line, hold_id) ? "?hold=true" : "");
}

}  // namespace

constinit const Verb requeue_verb{
    "requeue",
    "[OPTIONS] ID|last...",
    "Have running jobs start again.",
    "What runs of them is ended as by muster cancel, and they wait for their turn with the same "
    "id. "
    "A job may do that to itself, from the trap of its script: muster requeue $MUSTER_JOB_ID. Of "
    "an array, the tasks that run. Refused for jobs that were submitted with --no-requeue.",
    [] { return std::span<const options::Option>(requeue_table); },
    options::Operands::anywhere,
    requeue};

}  // namespace cli
