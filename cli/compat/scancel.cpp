// scancel: ends jobs, as Slurm's command of that name.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/filter_options.h"
#include "cli/compat/job_source.h"
#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/http/target.h"
#include "lib/model/array.h"

namespace cli {

namespace scancel {
namespace {

using model::JobRecord;

enum CancelId {
  account_id,
  script_id,
  full_id,
  hurry_id,
  interactive_id,
  cluster_id,
  me_id,
  name_id,
  partition_id,
  qos_id,
  quiet_id,
  booking_id,
  signal_id,
  states_id,
  user_id,
  verbose_id,
  nodes_id,
  ctld_id
};

constexpr std::array table = std::to_array<options::Option>({
    {account_id, "account", 'A', "NAME", "Jobs of this account: a workspace of Muster."},
    {script_id, "batch", 'b', "", "Accepted: a signal goes to whom the job named it for."},
    {full_id, "full", 'f', "", "The same."},
    {hurry_id, "hurry", 'H', "", "Accepted."},
    {interactive_id, "interactive", 'i', "", "Refused: nobody is asked here."},
    {cluster_id, "clusters", 'M', "NAMES", "Accepted: there is one cluster."},
    {cluster_id, "cluster", 0, "NAMES", ""},
    {me_id, "me", 0, "", "Your own jobs."},
    {name_id, "name", 'n', "NAME", "Jobs with this name."},
    {name_id, "jobname", 0, "NAME", ""},
    {partition_id, "partition", 'p', "NAME", "Jobs in this partition: a pool of Muster."},
    {qos_id, "qos", 'q', "NAME", "Jobs of this QOS: a class of Muster."},
    {quiet_id, "quiet", 'Q', "", "Say nothing of jobs that are not there any more."},
    {booking_id, "reservation", 'R', "NAME", "Jobs in this reservation: a booking of Muster."},
    {signal_id, "signal", 's', "NAME",
     "The signal that a job named with --signal; or KILL, as without it."},
    {states_id, "state", 't', "STATES", "Jobs in these states: PENDING, RUNNING."},
    {user_id, "user", 'u', "NAME", "Jobs of this user."},
    {verbose_id, "verbose", 'v', "", "Say what is done."},
    {nodes_id, "nodelist", 'w', "NODES", "Jobs on these nodes."},
    {ctld_id, "ctld", 0, "", "Accepted."},
});

constexpr FilterIds filter_ids{.users = user_id,
                               .names = name_id,
                               .partitions = partition_id,
                               .accounts = account_id,
                               .classes = qos_id,
                               .nodes = nodes_id,
                               .states = states_id,
                               .booking = booking_id,
                               .own_jobs = me_id};

bool is_open(const compat::JobFilter& filter) {
  return filter.users.empty() && filter.names.empty() && filter.partitions.empty() &&
         filter.accounts.empty() && filter.classes.empty() && filter.nodes.empty() &&
         filter.states.empty() && filter.booking.empty();
}

Try<std::vector<compat::NamedJob>> read_ids(const options::Parsed& line) {
  std::vector<compat::NamedJob> ids;
  for (const auto& word : line.rest) {
    auto named = compat::named_jobs(word);
    if (!named) return refuse(named.error());
    std::ranges::move(*named, std::back_inserter(ids));
  }
  for (const auto& id : ids) {
    if (id.step.empty() || id.step == "batch") continue;
    return refuse(
        fmt::format("Kill job error on job id {}.{}: a step has no end of its own here; "
                    "cancel the job, {}",
                    to_text(id), id.step, to_text(id.job)));
  }
  return ids;
}

/// Empty: the job is ended.
std::string signal_of(const options::Parsed& line) {
  const auto* given = options::find(line, signal_id);
  if (given == nullptr) return {};
  auto name = base::to_lower(given->value);
  if (name.starts_with("sig")) name = name.substr(3);
  return name == "kill" || name == "9" ? std::string() : given->value;
}

class Canceller {
 public:
  Canceller(const Api& api, const options::Parsed& line)
      : api_(api),
        signal_(signal_of(line)),
        is_quiet_(options::has(line, quiet_id)),
        is_verbose_(options::has(line, verbose_id)) {}

  Try<void> cancel(const std::string& id) {
    if (is_verbose_) {
      print_error(signal_.empty() ? fmt::format("scancel: Terminating job {}\n", id)
                                  : fmt::format("scancel: Signal {} to job {}\n", signal_, id));
    }
    const auto action = signal_.empty() ? std::string("/cancel")
                                        : "/signal?signal=" + http::percent_encode(signal_);
    const auto done = api_.post("/v1/jobs/" + http::percent_encode(id) + action, "{}");
    if (done) return {};
    if (done.error().exit_code != exit_refused) return std::unexpected(done.error());
    const bool has_ended = done.error().text.contains("already ended");
    const auto& text = done.error().is_missing ? "Invalid job id specified"
                       : has_ended             ? "Job/step already completing or completed"
                                               : done.error().text;
    // As Slurm has it: what is not there any more, or never was, need not be ended.
    const bool is_gone = has_ended || done.error().is_missing;
    if (!is_gone) exit_code_ = exit_refused;
    if (is_gone && is_quiet_) return {};
    print_error(fmt::format("scancel: error: Kill job error on job id {}: {}\n", id, text));
    return {};
  }

  int exit_code() const { return exit_code_; }

 private:
  const Api& api_;
  std::string signal_;
  bool is_quiet_;
  bool is_verbose_;
  int exit_code_ = exit_done;
};

/// Of the jobs that have not ended, those that the options name.
Try<std::vector<std::string>> chosen(const Api& api, const compat::JobFilter& filter) {
  std::vector<std::string> missing;
  auto jobs = filter.jobs.empty() ? list_jobs(api, user_query(filter.users) + "&state=active")
                                  : jobs_named(api, filter.jobs, "&state=active", missing);
  if (!jobs) return std::unexpected(jobs.error());
  drop_spread_arrays(*jobs);
  std::vector<std::string> ids;
  for (const auto& job : *jobs) {
    if (model::is_final(job.state) || !compat::passes(filter, job)) continue;
    ids.push_back(
        job.tally ? fmt::format("{}_[{}]", to_text(job.job), model::ranges_text(job.tally->pending))
                  : compat::job_id_text(job));
  }
  return ids;
}

Outcome run_scancel(std::span<const std::string> words) {
  const auto line = options::parse(table, words, options::Operands::anywhere);
  if (!line) return refuse(line.error());
  if (options::has(*line, interactive_id))
    return refuse("--interactive is not known here: nobody is asked");
  auto filter = read_filter(*line, filter_ids);
  if (!filter) return std::unexpected(filter.error());
  auto ids = read_ids(*line);
  if (!ids) return std::unexpected(ids.error());
  const bool is_by_id = is_open(*filter);
  if (ids->empty() && is_by_id) return refuse("No job identification provided");
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  std::vector<std::string> targets;
  if (is_by_id) {
    for (const auto& id : *ids) targets.push_back(to_text(id));
  } else {
    filter->jobs = *std::move(ids);
    auto found = chosen(*api, *filter);
    if (!found) return std::unexpected(found.error());
    targets = *std::move(found);
  }
  Canceller canceller(*api, *line);
  for (const auto& id : targets) {
    if (const auto done = canceller.cancel(id); !done) return std::unexpected(done.error());
  }
  return canceller.exit_code();
}

}  // namespace
}  // namespace scancel

const CompatCommand scancel_command{
    .name = "scancel",
    .dialect = model::Dialect::slurm,
    .usage = "usage: scancel [OPTIONS] [ID...]\n\nEnd jobs: see muster-compat(1).\n",
    .run = scancel::run_scancel,
    .table = scancel::table};

}  // namespace cli
