// sacct: the jobs that have ended, and the others, as Slurm's accounting lists them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "cli/compat/account_fields.h"
#include "cli/compat/command.h"
#include "cli/compat/filter_options.h"
#include "cli/compat/job_source.h"
#include "cli/compat/job_values.h"
#include "cli/compat/slurm_json.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/http/target.h"
#include "lib/loop/clock.h"

namespace cli {

namespace sacct {
namespace {

using compat::AccountRow;
using model::JobRecord;

enum AccountId {
  account_id,
  all_users_id,
  array_id,
  brief_id,
  duplicates_id,
  end_id,
  help_format_id,
  format_id,
  group_id,
  jobs_id,
  json_flag_id,
  long_id,
  cluster_id,
  job_name_id,
  nodes_id,
  no_header_id,
  parsable_id,
  parsable2_id,
  delimiter_id,
  partition_id,
  qos_id,
  states_id,
  start_id,
  truncate_id,
  units_id,
  user_id,
  uid_id,
  whole_id,
  verbose_id
};

constexpr std::array table = std::to_array<options::Option>({
    {account_id, "accounts", 'A', "LIST", "Jobs of these accounts: workspaces of Muster."},
    {account_id, "account", 0, "LIST", ""},
    {all_users_id, "allusers", 'a', "", "Jobs of all users."},
    {array_id, "array", 0, "", "One line for each task of an array, also of those that wait."},
    {brief_id, "brief", 'b', "", "Id, state and exit code."},
    {duplicates_id, "duplicates", 'D', "", "Also the attempts before the last of jobs."},
    {end_id, "endtime", 'E', "TIME", "Not jobs that were submitted later."},
    {help_format_id, "helpformat", 'e', "", "List the fields."},
    {format_id, "format", 'o', "FIELDS", "What to show: jobid,state%20,elapsed."},
    {group_id, "group", 'g', "LIST", "Accepted."},
    {group_id, "gid", 0, "LIST", ""},
    {jobs_id, "jobs", 'j', "IDS", "These jobs, whenever they ran: 17, 17_4, 17.0."},
    {json_flag_id, "json", 0, "", "JSON in the form of Slurm 23.11."},
    {long_id, "long", 'l', "", "More fields."},
    {cluster_id, "clusters", 'M', "NAMES", "Accepted: there is one cluster."},
    {cluster_id, "cluster", 0, "NAMES", ""},
    {cluster_id, "allclusters", 'L', "", "Accepted."},
    {job_name_id, "name", 0, "NAMES", "Jobs with these names."},
    {nodes_id, "nodelist", 'N', "NODES", "Jobs that ran on these nodes."},
    {no_header_id, "noheader", 'n', "", "No lines of headings."},
    {parsable_id, "parsable", 'p', "", "Fields with a '|' behind each."},
    {parsable2_id, "parsable2", 'P', "", "Fields with a '|' between them."},
    {delimiter_id, "delimiter", 0, "TEXT", "In place of this '|'."},
    {partition_id, "partition", 'r', "NAMES", "Jobs in these partitions: pools of Muster."},
    {qos_id, "qos", 'q', "NAMES", "Jobs of these QOS: classes of Muster."},
    {states_id, "state", 's', "STATES", "Jobs in these states, by names or letters."},
    {start_id, "starttime", 'S', "TIME", "Not jobs that had ended earlier. Left out: midnight."},
    {truncate_id, "truncate", 'T', "", "Accepted."},
    {units_id, "units", 0, "UNIT", "Accepted."},
    {user_id, "user", 'u', "NAMES", "Jobs of these users. Left out: your own."},
    {user_id, "uid", 0, "NAMES", ""},
    {whole_id, "allocations", 'X', "", "Jobs only, without their scripts and steps."},
    {verbose_id, "verbose", 'v', "", "Accepted."},
});

constexpr std::string_view default_fields =
    "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode";
constexpr std::string_view brief_fields = "JobID,State,ExitCode";
constexpr std::string_view long_fields =
    "JobID,JobIDRaw,JobName,Partition,MaxRSS,NTasks,AllocCPUS,Elapsed,State,ExitCode,ReqMem,"
    "AllocTRES,TotalCPU,NodeList";

struct Question {
  compat::JobFilter filter;
  std::optional<base::Time> since;
  std::optional<base::Time> until;
  compat::Format<AccountRow> format;
  std::string delimiter;  // empty: columns
  bool has_delimiter_at_end = false;
  bool has_header = true;
  bool has_steps = true;
  bool has_earlier = false;
  bool tasks_apart = false;
  bool is_json = false;
};

constexpr FilterIds filter_ids{.jobs = jobs_id,
                               .users = user_id,
                               .names = job_name_id,
                               .partitions = partition_id,
                               .accounts = account_id,
                               .classes = qos_id,
                               .nodes = nodes_id,
                               .states = states_id};

/// Without users and jobs it is about one's own.
Try<compat::JobFilter> filter_of(const options::Parsed& line) {
  auto filter = read_filter(line, filter_ids);
  if (!filter) return filter;
  const bool is_about_own =
      filter->users.empty() && filter->jobs.empty() && !options::has(line, all_users_id);
  if (is_about_own) filter->users = {own_name()};
  return filter;
}

Try<compat::Format<AccountRow>> read_format(const options::Parsed& line) {
  std::string text(options::has(line, brief_id)  ? brief_fields
                   : options::has(line, long_id) ? long_fields
                                                 : default_fields);
  if (const auto from = variable("SACCT_FORMAT")) text = *from;
  if (options::has(line, format_id)) {
    text.clear();
    for (const auto& one : line.given) {
      if (one.id == format_id) text += (text.empty() ? "" : ",") + one.value;
    }
  }
  const auto fields = compat::account_fields(text);
  if (!fields) return refuse(fields.error());
  compat::Format<AccountRow> format;
  for (const auto& one : *fields) {
    const auto* field = compat::field_named(compat::account_field_table(), one.name);
    if (field == nullptr)
      return refuse(fmt::format("Invalid field requested: \"{}\"", base::printable(one.name)));
    const bool is_left = !one.has_width && field->width < 0;
    const auto width = one.has_width ? one.width : static_cast<std::size_t>(std::abs(field->width));
    format.push_back({field, width, one.is_right && !is_left, {}});
  }
  return format;
}

Try<std::optional<base::Time>> read_time(const options::Parsed& line, AccountId id,
                                         base::Time now) {
  const auto* given = options::find(line, id);
  if (given == nullptr) return std::nullopt;
  const auto time = compat::past_time(given->value, now);
  if (!time) return refuse(time.error());
  return *time;
}

Try<Question> read_question(const options::Parsed& line) {
  const auto now = loop::now();
  auto filter = filter_of(line);
  if (!filter) return std::unexpected(filter.error());
  auto format = read_format(line);
  if (!format) return std::unexpected(format.error());
  const auto since = read_time(line, start_id, now);
  if (!since) return std::unexpected(since.error());
  const auto until = read_time(line, end_id, now);
  if (!until) return std::unexpected(until.error());
  Question question{.filter = *std::move(filter),
                    .since = *since,
                    .until = *until,
                    .format = *std::move(format),
                    .delimiter = {}};
  if (question.filter.jobs.empty() && !question.since)
    question.since = compat::midnight_before(now);
  const bool is_parsable = options::has(line, parsable_id) || options::has(line, parsable2_id);
  if (is_parsable)
    question.delimiter = options::has(line, delimiter_id) ? value_of(line, delimiter_id) : "|";
  question.has_delimiter_at_end = !options::has(line, parsable2_id);
  question.has_header = !options::has(line, no_header_id);
  question.has_steps = !options::has(line, whole_id);
  question.has_earlier = options::has(line, duplicates_id);
  question.tasks_apart = options::has(line, array_id);
  question.is_json = options::has(line, json_flag_id);
  return question;
}

std::string listing_query(const Question& question) {
  auto query = user_query(question.filter.users);
  if (question.filter.names.size() == 1)
    query += "&name=" + http::percent_encode(question.filter.names.front());
  // Whole seconds: what ended in the first is in, and so is what was submitted in the last.
  if (question.since) query += fmt::format("&since={}", base::to_us(*question.since) / 1'000'000);
  if (question.until)
    query += fmt::format("&until={}", base::to_us(*question.until) / 1'000'000 + 1);
  return query;
}

Try<std::vector<JobRecord>> find_jobs(const Api& api, const Question& question) {
  std::vector<std::string> missing;
  auto jobs = question.filter.jobs.empty() ? list_jobs(api, listing_query(question))
                                           : jobs_named(api, question.filter.jobs, "", missing);
  if (!jobs) return jobs;
  drop_spread_arrays(*jobs);
  if (question.tasks_apart) *jobs = with_tasks_apart(*std::move(jobs));
  std::erase_if(*jobs, [&](const JobRecord& job) { return !compat::passes(question.filter, job); });
  std::ranges::stable_sort(*jobs, {}, &JobRecord::job);
  return jobs;
}

std::string joined(const std::vector<std::string>& values, const Question& question) {
  return base::join(values, question.delimiter) +
         (question.has_delimiter_at_end ? question.delimiter : "") + "\n";
}

std::string line_of(const Question& question, const AccountRow& row,
                    const compat::Surroundings& with) {
  std::vector<std::string> values;
  std::string columns;
  for (const auto& column : question.format) {
    auto value = column.field->value(row, with);
    columns += compat::fit_marked(value, column.width, column.is_right) + " ";
    values.push_back(std::move(value));
  }
  return question.delimiter.empty() ? columns + "\n" : joined(values, question);
}

std::string headings(const Question& question) {
  std::vector<std::string> names;
  std::string columns;
  std::string rules;
  for (const auto& column : question.format) {
    names.emplace_back(column.field->heading);
    columns += compat::fit(names.back(), column.width, column.is_right) + " ";
    rules += std::string(column.width, '-') + " ";
  }
  return question.delimiter.empty() ? columns + "\n" + rules + "\n" : joined(names, question);
}

/// A step that was named stands for itself.
bool is_wanted(const Question& question, const AccountRow& row) {
  const auto step = row.what == AccountRow::What::script ? std::string("batch")
                    : row.step != nullptr                ? to_text(row.step->step)
                                                         : std::string();
  const auto names = [&](const compat::NamedJob& named) {
    return named.job == row.job->job || named.job == compat::array_id(*row.job);
  };
  const auto& jobs = question.filter.jobs;
  return jobs.empty() || std::ranges::any_of(jobs, [&](const compat::NamedJob& named) {
           return names(named) && (named.step.empty() || named.step == step);
         });
}

std::string field_list() {
  std::string text;
  int n = 0;
  for (const auto& field : compat::account_field_table())
    text += fmt::format("{:<19}{}", field.heading, ++n % 4 == 0 ? "\n" : " ");
  return text + "\n";
}

Outcome run_sacct(std::span<const std::string> words) {
  const auto line =
      options::parse(table, without_value(words, "--json"), options::Operands::anywhere);
  if (!line) return refuse(line.error());
  if (!line->rest.empty())
    return refuse(fmt::format("Unrecognized option: {}", base::printable(line->rest.front())));
  if (options::has(*line, help_format_id)) {
    print(field_list());
    return exit_done;
  }
  const auto question = read_question(*line);
  if (!question) return std::unexpected(question.error());
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const bool shows_cluster =
      question->is_json || std::ranges::any_of(question->format, [](const auto& column) {
        return column.field->name == "Cluster";
      });
  const auto with = surroundings(*api, shows_cluster);
  if (!with) return std::unexpected(with.error());
  const auto jobs = find_jobs(*api, *question);
  if (!jobs) return std::unexpected(jobs.error());
  if (question->is_json) {
    print(compat::account_json(*jobs, *with));
    return exit_done;
  }
  if (question->has_header) print(headings(*question));
  for (const auto& job : *jobs) {
    for (const auto& row : compat::rows_of(job, question->has_steps, question->has_earlier)) {
      if (is_wanted(*question, row)) print(line_of(*question, row, *with));
    }
  }
  return exit_done;
}

}  // namespace
}  // namespace sacct

const CompatCommand sacct_command{.name = "sacct",
                                  .dialect = model::Dialect::slurm,
                                  .usage =
                                      "usage: sacct [OPTIONS]\n\nList jobs, those that have "
                                      "ended too: see muster-compat(1).\n",
                                  .run = sacct::run_sacct,
                                  .table = sacct::table};

}  // namespace cli
