// run: starts a parallel step inside a job. It lies on the path of every MPI start: what is not
// needed for that is not touched.

#include "cli/run.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "cli/api.h"
#include "cli/raw_terminal.h"
#include "cli/request/table.h"
#include "cli/request/values.h"
#include "cli/step_client.h"
#include "cli/step_start.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/model/job.h"

namespace cli {

namespace {

/// The attempt inside of which this runs.
struct Place {
  model::JobId job{0};
  std::uint32_t attempt = 1;
};

std::span<const options::Option> run_table() {
  return request::table(request::Place::run);
}

/// The attempt of the job that --job names.
Try<Place> place_of(std::string_view name) {
  const auto api = Api::of({});
  if (!api) return std::unexpected(api.error());
  const auto job = job_name(*api, name);
  if (!job) return std::unexpected(job.error());
  const auto record = started_job(*api, *job);
  if (!record) return std::unexpected(record.error());
  return Place{record->job, record->attempt};
}

Try<Place> place(const options::Parsed& line) {
  if (const auto* job = request::find(line.given, request::OptionId::job)) {
    return place_of(job->value);
  }
  const auto job = variable("MUSTER_JOB_ID");
  const auto attempt = variable("MUSTER_ATTEMPT");
  if (!job || !attempt) {
    return refuse(
        "this is not inside a job; put the line into a script and submit it, or name a running job "
        "with --job, or: submit -- muster run ...");
  }
  const auto job_number = base::parse_int(*job, 1, UINT32_MAX);
  const auto attempt_number = base::parse_int(*attempt, 1, UINT32_MAX);
  if (!job_number || !attempt_number) {
    return refuse(fmt::format("MUSTER_JOB_ID '{}' and MUSTER_ATTEMPT '{}' are no numbers",
                              base::printable(*job), base::printable(*attempt)));
  }
  return Place{model::JobId(static_cast<std::uint32_t>(*job_number)),
               static_cast<std::uint32_t>(*attempt_number)};
}

/// A step on this terminal has one task, whose output comes out here as it is.
Try<void> use_terminal(const options::Parsed& line, model::StepSpec& step) {
  using enum request::OptionId;
  for (const auto other : {label, output, error, map, report_bindings, no_stdin, mode, ps, workers,
                           role, ntasks_per_node}) {
    if (const auto* given = request::find(line.given, other)) {
      return misuse(
          fmt::format("--pty runs one task and shows it here; leave out {}", given->written));
    }
  }
  if (step.tasks.value_or(1) != 1) {
    return misuse(fmt::format("--pty runs one task, found {}", *step.tasks));
  }
  if (!is_on_terminal()) {
    return refuse("--pty: standard input and output are not a terminal");
  }
  step.tasks = 1;
  step.terminal = window_size();
  return {};
}

Try<model::StepSpec> step_of(const options::Parsed& line) {
  model::StepSpec step;
  if (const auto applied = request::apply(line.given, step); !applied) {
    return misuse(applied.error().text);
  }
  if (request::has(line.given, request::OptionId::pty)) {
    if (const auto used = use_terminal(line, step); !used) return std::unexpected(used.error());
  }
  const auto here = present_directory();
  if (!here) return refuse(here.error());
  step.work_dir = request::absolute(step.work_dir, *here);
  for (auto* pattern : {&step.output, &step.error}) {
    if (!pattern->empty()) *pattern = request::absolute(*pattern, step.work_dir);
  }
  step.arguments = line.rest;
  step.environment = environment();
  return step;
}

Outcome run(const options::Parsed& line) {
  return run_step(line, "muster run");
}

}  // namespace

Outcome run_step(const options::Parsed& line, std::string_view who) {
  const auto where = place(line);
  if (!where) return std::unexpected(where.error());
  auto step = step_of(line);
  if (!step) return std::unexpected(step.error());
  const auto limit = request::step_limit(line.given);
  if (!limit) return misuse(limit.error().text);
  const auto api = Api::of({});
  if (!api) return std::unexpected(api.error());
  const auto reply = start_step(*api, where->job, where->attempt, std::move(*step));
  if (!reply) return std::unexpected(reply.error());
  return follow_step(
      *reply, who,
      {.label = request::has(line.given, request::OptionId::label),
       .map = request::has(line.given, request::OptionId::map),
       .report_bindings = request::has(line.given, request::OptionId::report_bindings),
       .no_stdin = request::has(line.given, request::OptionId::no_stdin),
       .terminal = request::has(line.given, request::OptionId::pty),
       .time_limit = *limit});
}

constinit const Verb run_verb{
    "run",
    "[OPTIONS] PROGRAM [ARGUMENTS]",
    "Start a parallel step inside a job.",
    "Starts PROGRAM on the nodes of the job, with the whole environment: without options as many "
    "tasks as the job has. Output comes out here, whole lines of each rank, standard input goes to "
    "rank 0. Interrupted, it "
    "ends the step; interrupted again, it does not wait for that.\n"
    "Exits with the highest exit code of the ranks, 128 and the signal's number for a killed one.",
    run_table,
    options::Operands::end_options,
    run};

}  // namespace cli
