// squeue: the jobs that wait and run, as Slurm lists them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/filter_options.h"
#include "cli/compat/job_source.h"
#include "cli/compat/queue_fields.h"
#include "cli/compat/slurm_json.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "cli/options/option.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/http/target.h"
#include "lib/loop/clock.h"

namespace cli {

namespace squeue {
namespace {

using model::JobRecord;
using Format = compat::Format<JobRecord>;

enum QueueId {
  account_id,
  all_id,
  array_id,
  federation_id,
  letters_id,
  names_id,
  hide_id,
  iterate_id,
  jobs_id,
  json_flag_id,
  licenses_id,
  long_id,
  me_id,
  cluster_id,
  job_name_id,
  no_convert_id,
  no_header_id,
  only_state_id,
  partition_id,
  priority_id,
  qos_id,
  booking_id,
  sort_id,
  start_id,
  states_id,
  user_id,
  verbose_id,
  nodes_id
};

constexpr std::array table = std::to_array<options::Option>({
    {account_id, "account", 'A', "LIST", "Jobs of these accounts: workspaces of Muster."},
    {all_id, "all", 'a', "", "Accepted: all partitions are shown anyway."},
    {array_id, "array", 'r', "", "One line for each task of an array, also of those that wait."},
    {array_id, "array-unique", 0, "", ""},
    {federation_id, "federation", 0, "", "Accepted, as the next ones: there is one cluster."},
    {federation_id, "local", 0, "", ""},
    {federation_id, "sibling", 0, "", ""},
    {letters_id, "format", 'o', "FORMAT", "What to show, such as '%.18i %t'."},
    {names_id, "Format", 'O', "FIELDS", "The same by names, such as jobid:20,state."},
    {hide_id, "hide", 0, "", "Accepted."},
    {iterate_id, "iterate", 'i', "SECONDS", "Again and again, with such a pause."},
    {jobs_id, "jobs", 'j', "IDS", "These jobs: 17, 17_4."},
    {json_flag_id, "json", 0, "", "JSON in the form of Slurm 23.11."},
    {licenses_id, "licenses", 'L', "LIST", "Accepted."},
    {long_id, "long", 'l', "", "More columns."},
    {me_id, "me", 0, "", "Your own jobs."},
    {cluster_id, "clusters", 'M', "NAMES", "Accepted: there is one cluster."},
    {cluster_id, "cluster", 0, "NAMES", ""},
    {job_name_id, "name", 'n', "NAMES", "Jobs with these names."},
    {no_convert_id, "noconvert", 0, "", "Accepted."},
    {no_header_id, "noheader", 'h', "", "No line of headings."},
    {only_state_id, "only-job-state", 0, "", "Accepted: the states are as cheap anyway."},
    {partition_id, "partition", 'p', "NAMES", "Jobs in these partitions: pools of Muster."},
    {priority_id, "priority", 'P', "", "Accepted."},
    {qos_id, "qos", 'q', "NAMES", "Jobs of these QOS: classes of Muster."},
    {booking_id, "reservation", 'R', "NAME", "Jobs in this reservation: a booking of Muster."},
    {sort_id, "sort", 'S', "LETTERS", "The order, by the letters of --format: 'P,-p'."},
    {start_id, "start", 0, "", "When waiting jobs are expected to start."},
    {states_id, "states", 't', "STATES",
     "Jobs in these states, by names or letters; all: those that ended within 5 minutes, too."},
    {user_id, "user", 'u', "NAMES", "Jobs of these users."},
    {verbose_id, "verbose", 'v', "", "Accepted."},
    {nodes_id, "nodelist", 'w', "NODES", "Jobs on these nodes."},
});

constexpr std::string_view default_format = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
constexpr std::string_view long_format = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";
constexpr std::string_view start_format = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
constexpr std::string_view default_order = "P,t,-p";
constexpr auto shown_after_end = std::chrono::seconds(300);  // as long as Slurm remembers jobs

struct Question {
  compat::JobFilter filter;
  Format format;
  std::string order;
  bool has_header = true;
  bool is_long = false;
  bool tasks_apart = false;
  bool is_json = false;
  bool names_cluster = false;
};

constexpr FilterIds filter_ids{.jobs = jobs_id,
                               .users = user_id,
                               .names = job_name_id,
                               .partitions = partition_id,
                               .accounts = account_id,
                               .classes = qos_id,
                               .nodes = nodes_id,
                               .states = states_id,
                               .booking = booking_id,
                               .own_jobs = me_id};

/// With --start it is about those that wait, unless states are named.
Try<compat::JobFilter> filter_of(const options::Parsed& line) {
  auto filter = read_filter(line, filter_ids);
  const bool is_about_waiting = options::has(line, start_id) && !options::has(line, states_id);
  if (filter && is_about_waiting) filter->states = {"PENDING"};
  return filter;
}

Try<Format> read_format(const options::Parsed& line) {
  const auto table_of_fields = compat::queue_fields();
  if (const auto* given = options::find(line, names_id)) {
    auto format = compat::format_of_names(table_of_fields, given->value);
    if (!format) return refuse(format.error());
    return *std::move(format);
  }
  std::string text(options::has(line, start_id)  ? start_format
                   : options::has(line, long_id) ? long_format
                                                 : default_format);
  if (const auto from = variable("SQUEUE_FORMAT"); from && !options::has(line, long_id))
    text = *from;
  if (const auto* given = options::find(line, letters_id)) text = given->value;
  auto format = compat::format_of_letters(table_of_fields, text);
  if (!format) return refuse(format.error());
  return *std::move(format);
}

Try<Question> read_question(const options::Parsed& line) {
  auto filter = filter_of(line);
  if (!filter) return std::unexpected(filter.error());
  auto format = read_format(line);
  if (!format) return std::unexpected(format.error());
  Question question{.filter = *std::move(filter), .format = *std::move(format), .order = {}};
  question.order = options::has(line, sort_id)    ? value_of(line, sort_id)
                   : options::has(line, start_id) ? "S"
                                                  : default_order;
  if (const auto fine = compat::check_order(question.order); !fine) return refuse(fine.error());
  question.has_header = !options::has(line, no_header_id);
  question.is_long = options::has(line, long_id);
  question.tasks_apart = options::has(line, array_id);
  question.is_json = options::has(line, json_flag_id);
  question.names_cluster = options::has(line, cluster_id);
  return question;
}

/// Without -t those that have not ended; with it also those that Slurm would still know.
std::string listing_query(const Question& question, base::Time now) {
  const auto is_final = [](std::string_view name) {
    return std::ranges::any_of(compat::slurm_states(), [&](const compat::SlurmState& state) {
      return state.is_final && state.name == name;
    });
  };
  auto query = user_query(question.filter.users);
  if (question.filter.names.size() == 1)
    query += "&name=" + http::percent_encode(question.filter.names.front());
  if (std::ranges::none_of(question.filter.states, is_final)) return query + "&state=active";
  const auto since = base::to_us(now - shown_after_end) / 1'000'000;
  return query + fmt::format("&since={}", since);
}

Try<std::vector<JobRecord>> find_jobs(const Api& api, const Question& question, base::Time now) {
  const auto& filter = question.filter;
  const bool asks_for_states = !filter.states.empty();
  std::vector<std::string> missing;
  auto jobs = filter.jobs.empty()
                  ? list_jobs(api, listing_query(question, now))
                  : jobs_named(api, filter.jobs, asks_for_states ? "" : "&state=active", missing);
  if (!jobs) return jobs;
  if (missing.size() == 1 && filter.jobs.size() == 1) return refuse("Invalid job id specified");
  if (!asks_for_states)
    std::erase_if(*jobs, [](const JobRecord& job) { return model::is_final(job.state); });
  drop_spread_arrays(*jobs);
  const bool names_tasks = std::ranges::any_of(
      filter.jobs, [](const compat::NamedJob& job) { return job.tasks.has_value(); });
  if (question.tasks_apart || names_tasks) *jobs = with_tasks_apart(*std::move(jobs));
  std::erase_if(*jobs, [&](const JobRecord& job) { return !compat::passes(filter, job); });
  return jobs;
}

Outcome print_jobs(const Api& api, const Question& question) {
  const auto with = surroundings(api, question.is_json || question.names_cluster);
  if (!with) return std::unexpected(with.error());
  auto jobs = find_jobs(api, question, with->now);
  if (!jobs) {
    // Tools know this line, whose beginning is no name of a command.
    if (jobs.error().text != "Invalid job id specified") return std::unexpected(jobs.error());
    print_error("slurm_load_jobs error: Invalid job id specified\n");
    return exit_refused;
  }
  std::ranges::stable_sort(*jobs, [&](const JobRecord& a, const JobRecord& b) {
    return compat::comes_before(a, b, question.order, *with);
  });
  if (question.is_json) {
    print(compat::queue_json(*jobs, *with));
    return exit_done;
  }
  if (question.names_cluster && question.has_header)
    print(fmt::format("CLUSTER: {}\n", with->cluster));
  if (question.is_long) print(compat::date_line(with->now));
  if (question.has_header) print(compat::heading_line(question.format));
  for (const auto& job : *jobs) print(compat::row_line(question.format, job, *with));
  return exit_done;
}

Outcome run_squeue(std::span<const std::string> words) {
  const auto line =
      options::parse(table, without_value(words, "--json"), options::Operands::anywhere);
  if (!line) return refuse(line.error());
  if (!line->rest.empty()) {
    return refuse(fmt::format("Unrecognized option: {}", base::printable(line->rest.front())));
  }
  const auto question = read_question(*line);
  if (!question) return std::unexpected(question.error());
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto* given = options::find(*line, iterate_id);
  if (given == nullptr) return print_jobs(*api, *question);
  constexpr std::int64_t longest = 86'400;
  const auto pause = base::parse_int(given->value, 1, longest);
  if (!pause) return refuse(fmt::format("invalid iterate value: '{}'", given->value));
  for (;;) {
    print(compat::date_line(loop::now()));
    const auto outcome = print_jobs(*api, *question);
    if (!outcome || *outcome != exit_done) return outcome;
    if (std::fflush(stdout) != 0) return exit_refused;
    sleep_for(std::chrono::seconds(*pause));
  }
}

}  // namespace
}  // namespace squeue

const CompatCommand squeue_command{.name = "squeue",
                                   .dialect = model::Dialect::slurm,
                                   .usage =
                                       "usage: squeue [OPTIONS]\n\nList the jobs that wait "
                                       "and run: see muster-compat(1).\n",
                                   .run = squeue::run_squeue,
                                   .table = squeue::table};

}  // namespace cli
