// qstat: jobs and queues, as PBS lists them.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/job_source.h"
#include "cli/compat/job_values.h"
#include "cli/compat/pbs_format.h"
#include "cli/compat/pbs_server.h"
#include "cli/terminal.h"
#include "lib/base/text.h"

namespace cli {

namespace qstat {
namespace {

using model::JobRecord;

enum StatId {
  wide_id,
  full_id,
  form_id,
  history_id,
  queues_id,
  user_id,
  tasks_id,
  nodes_id,
  comments_id,
  running_id,
  waiting_id,
  one_line_id,
  width_id
};

constexpr std::array table = std::to_array<options::Option>({
    {wide_id, "all", 'a', "", "More columns."},
    {full_id, "full", 'f', "", "All that is known of each job."},
    {form_id, "output-format", 'F', "FORM", "With -f: json, or default."},
    {history_id, "history", 'x', "", "Jobs that have ended, too."},
    {history_id, "finished", 'H', "", "The same."},
    {queues_id, "queues", 'Q', "", "Queues: pools of Muster."},
    {queues_id, "queue-limits", 'q', "", "The same."},
    {user_id, "user", 'u', "NAMES", "Jobs of these users, with more columns."},
    {tasks_id, "tasks", 't', "", "Tasks of arrays."},
    {nodes_id, "nodes", 'n', "", "With the nodes below each job."},
    {comments_id, "comments", 's', "", "With the reason below each job."},
    {running_id, "running", 'r', "", "Jobs that run."},
    {waiting_id, "idle", 'i', "", "Jobs that wait."},
    {one_line_id, "one-line", '1', "", "Accepted."},
    {width_id, "wide", 'w', "", "Accepted."},
});

constexpr std::string_view help =
    "usage: qstat [OPTIONS] [ID|QUEUE...]\n\nList jobs: see muster-compat(1).\n";

bool has(const options::Parsed& line, StatId id) {
  return options::has(line, id);
}

struct Found {
  std::vector<JobRecord> jobs;
  int exit_code = exit_done;
};

/// A queue among the words lists its jobs; all else names one.
bool is_id(const std::string& word) {
  return !word.empty() && word.front() >= '0' && word.front() <= '9';
}

/// The named ones; what is not there is told.
Try<Found> named(const Api& api, const options::Parsed& line, std::string_view server) {
  Found found;
  for (const auto& word : line.rest) {
    if (!is_id(word)) continue;
    const auto name = compat::named_pbs_job(word);
    if (!name) return refuse(name.error());
    auto job = find_job(api, to_text(*name));
    if (!job) return std::unexpected(job.error());
    if (!*job) {
      print_error(fmt::format("qstat: Unknown Job Id {}\n", pbs_name(word, server)));
      found.exit_code = exit_unknown_job;
    } else if (model::is_final((*job)->state) && !has(line, history_id)) {
      print_error(
          fmt::format("qstat: {} Job has finished, use -x or -H to obtain historical job "
                      "information\n",
                      pbs_name(word, server)));
      found.exit_code = exit_finished_job;
    } else {
      found.jobs.push_back(**std::move(job));
    }
  }
  return found;
}

Try<Found> wanted(const Api& api, const options::Parsed& line, std::string_view server) {
  compat::JobFilter filter;
  if (const auto* given = options::find(line, user_id))
    filter.users = compat::words_of(given->value);
  for (const auto& word : line.rest) {
    if (!is_id(word)) filter.partitions.push_back(word);
  }
  if (std::ranges::any_of(line.rest, is_id)) return named(api, line, server);
  Found found;
  auto jobs =
      list_jobs(api, user_query(filter.users) + (has(line, history_id) ? "" : "&state=active"));
  if (!jobs) return std::unexpected(jobs.error());
  found.jobs = *std::move(jobs);
  std::erase_if(found.jobs, [&](const JobRecord& job) {
    const bool is_waiting = job.state == model::JobState::waiting;
    return !compat::passes(filter, job) || (job.task && !has(line, tasks_id)) ||
           (is_waiting && has(line, running_id)) || (!is_waiting && has(line, waiting_id));
  });
  return found;
}

/// Jobs of each queue by state.
Outcome print_queues(const Api& api) {
  const auto nodes = list_nodes(api);
  if (!nodes) return std::unexpected(nodes.error());
  const auto jobs = list_jobs(api, "&state=active");
  if (!jobs) return std::unexpected(jobs.error());
  std::map<std::string, std::map<char, int>> queues;
  for (const auto& node : *nodes)
    queues[compat::or_else(node.info.pool, compat::default_partition)];
  for (const auto& job : *jobs) ++queues[compat::partition_of(job)][compat::pbs_state(job)];
  print(
      "Queue              Max   Tot Ena Str   Que   Run   Hld   Wat   Trn   Ext Type\n"
      "---------------- ----- ----- --- --- ----- ----- ----- ----- ----- ----- ----\n");
  for (auto& [name, n] : queues) {
    int all = 0;
    for (const auto& [state, count] : n) all += count;
    print(fmt::format("{:<16.16} {:>5} {:>5} yes yes {:>5} {:>5} {:>5} {:>5} {:>5} {:>5} Exec\n",
                      name, 0, all, n['Q'], n['R'] + n['B'], n['H'], n['W'], 0, n['E']));
  }
  return exit_done;
}

void print_jobs(const options::Parsed& line, const std::vector<JobRecord>& jobs,
                const compat::Surroundings& with) {
  const bool is_wide = has(line, wide_id) || has(line, user_id) || has(line, nodes_id) ||
                       has(line, comments_id) || has(line, running_id) || has(line, waiting_id);
  if (jobs.empty()) return;
  print(is_wide ? compat::qstat_wide_heading(with.cluster) : compat::qstat_heading());
  for (const auto& job : jobs) {
    print(is_wide ? compat::qstat_wide_line(job, with) : compat::qstat_line(job, with));
    if (has(line, nodes_id))
      print(fmt::format("   {}\n", compat::or_else(compat::node_list(job), "--")));
    if (has(line, comments_id)) print(fmt::format("   {}\n", compat::comment_of(job)));
  }
}

Outcome run_qstat(std::span<const std::string> words) {
  const auto line = options::parse(table, words, options::Operands::anywhere);
  if (!line) return refuse(line.error());
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  if (has(*line, queues_id)) return print_queues(*api);
  const auto with = server_here(*api);
  if (!with) return std::unexpected(with.error());
  const auto found = wanted(*api, *line, with->cluster);
  if (!found) return std::unexpected(found.error());
  if (!has(*line, full_id)) {
    print_jobs(*line, found->jobs, *with);
    return found->exit_code;
  }
  const auto* form = options::find(*line, form_id);
  if (form != nullptr && form->value == "json") {
    print(compat::qstat_json(found->jobs, *with));
    return found->exit_code;
  }
  for (const auto& job : found->jobs) print(compat::qstat_block(job, *with));
  return found->exit_code;
}

}  // namespace
}  // namespace qstat

const CompatCommand qstat_command{.name = "qstat",
                                  .dialect = model::Dialect::pbs,
                                  .usage = qstat::help,
                                  .run = qstat::run_qstat,
                                  .table = qstat::table};

}  // namespace cli
