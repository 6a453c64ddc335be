// update: changes what jobs have asked for.

#include <fmt/format.h>

#include "cli/api.h"
#include "cli/request/change.h"
#include "cli/request/table.h"
#include "cli/request/values.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

std::span<const options::Option> update_table() {
  return request::table(request::Place::update);
}

bool is_relative(const std::string& path) {
  return !path.empty() && path.front() != '/';
}

/// Relative file names are seen from the job's directory, as at its submission.
Try<model::JobChange> with_paths(const Api& api, const JobName& job, model::JobChange change) {
  auto& spec = change.spec;
  if (!is_relative(spec.output) && !is_relative(spec.error)) return change;
  const auto body = api.get(job_target(job));
  if (!body) return std::unexpected(body.error());
  const auto record = wire::job_record_from_json(*body);
  if (!record) return refuse(record.error());
  if (is_relative(spec.output)) spec.output = request::absolute(spec.output, record->work_dir);
  if (is_relative(spec.error)) spec.error = request::absolute(spec.error, record->work_dir);
  return change;
}

Try<void> update_one(const Api& api, const JobName& job, const model::JobChange& change) {
  const auto placed = with_paths(api, job, change);
  if (!placed) return std::unexpected(placed.error());
  const auto body = wire::to_json(*placed);
  if (!body) return refuse(body.error());
  const auto done = api.post(job_target(job, "/update"), *body);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Words as other schedulers have them.
Try<void> check_words(const options::Parsed& line) {
  for (const auto& word : line.rest) {
    if (word.find('=') == std::string::npos) continue;
    return misuse(
        fmt::format("expected the id of a job, found '{0}'; an option begins with two "
                    "dashes, such as --time=2h",
                    base::printable(word)));
  }
  return {};
}

Outcome update(const options::Parsed& line) {
  if (const auto fine = check_words(line); !fine) return std::unexpected(fine.error());
  const auto change = request::make_change(line.given, loop::now());
  if (!change) return refuse(change.error());
  if (change->fields.empty())
    return misuse("nothing to change; give what is to change, such as --time=2h");
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto jobs = some_jobs(*api, line);
  if (!jobs) return std::unexpected(jobs.error());
  int exit_code = exit_done;
  for (const auto& job : *jobs) {
    const auto done = update_one(*api, job, *change);
    if (done) continue;
    if (done.error().exit_code != exit_refused) return std::unexpected(done.error());
    const auto which = jobs->size() > 1 ? to_text(job) + ": " : "";
    print_error(fmt::format("muster update: {}{}\n", which, done.error().text));
    exit_code = exit_refused;
  }
  return exit_code;
}

}  // namespace

constinit const Verb update_verb{
    "update",
    "[OPTIONS] ID|last...",
    "Change what waiting jobs ask for, or the time limit of running ones.",
    "Only what is given changes, as if the job had been submitted so: it is refused where the "
    "submission would be, and then nothing changes. The job keeps its id and its age. An option "
    "with "
    "an empty value, such as --deadline=, is taken back: what holds then is said below as left out "
    "(not of --job-name and --output).\n"
    "Of a running job only --time and --grow-after can change: the time may become shorter, or "
    "longer for root and the owner of the cluster. Of an array the tasks change that have not "
    "started; ID_INDEX is one that has. "
    "A job that has started once and waits to start again keeps its dependency and workspace.",
    update_table,
    options::Operands::anywhere,
    update};

}  // namespace cli
