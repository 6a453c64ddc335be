#include "cli/compat/job_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "lib/base/text.h"
#include "lib/model/array.h"

namespace compat {

namespace {

bool is_among(const std::vector<std::string>& wanted, std::string_view text) {
  return wanted.empty() || std::ranges::find(wanted, text) != wanted.end();
}

bool is_named(const std::vector<NamedJob>& jobs, const model::JobRecord& job) {
  if (jobs.empty()) return true;
  return std::ranges::any_of(jobs, [&](const NamedJob& named) {
    if (named.job == job.job) return !named.tasks || job.tally.has_value();
    if (!job.task || job.task->array != named.job) return false;
    return !named.tasks || named.tasks->contains(job.task->index);
  });
}

bool is_on(const std::vector<std::string>& nodes, const model::JobRecord& job) {
  if (nodes.empty()) return true;
  return std::ranges::any_of(job.allocation.nodes,
                             [&](const auto& share) { return is_among(nodes, share.name); });
}

std::unexpected<base::Error> no_id(std::string_view text) {
  return base::fail(base::Code::invalid, fmt::format("Invalid job id: {}", base::printable(text)));
}

/// Without brackets and the limit of "1-3%2".
std::optional<model::IndexSet> tasks_of(std::string_view list) {
  if (list.starts_with('[') && list.ends_with(']')) list = list.substr(1, list.size() - 2);
  auto tasks = model::tasks_from_text(list.substr(0, list.find('%')));
  return tasks && !tasks->empty() ? std::optional(*std::move(tasks)) : std::nullopt;
}

std::optional<model::JobId> number_of(std::string_view text) {
  const auto number = base::parse_int(text, 1, UINT32_MAX);
  return number ? std::optional(model::JobId(static_cast<std::uint32_t>(*number))) : std::nullopt;
}

}  // namespace

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  for (const auto part : base::split(list, ',')) {
    if (const auto word = base::trim(part); !word.empty()) words.emplace_back(word);
  }
  return words;
}

base::Result<NamedJob> named_job(std::string_view text) {
  const auto dot = text.find('.');
  const auto of_job = text.substr(0, dot);
  const auto underscore = of_job.find('_');
  const auto number = number_of(of_job.substr(0, underscore));
  if (!number) return no_id(text);
  NamedJob named{.job = *number, .tasks = {}, .step = {}};
  if (dot != std::string_view::npos) named.step = text.substr(dot + 1);
  if (underscore == std::string_view::npos) return named;
  named.tasks = tasks_of(of_job.substr(underscore + 1));
  if (!named.tasks) return no_id(text);
  return named;
}

base::Result<NamedJob> named_pbs_job(std::string_view text) {
  const auto of_job = text.substr(0, text.find('.'));
  const auto bracket = of_job.find('[');
  const auto number = number_of(of_job.substr(0, bracket));
  if (!number || (bracket != std::string_view::npos && !of_job.ends_with(']'))) {
    return base::fail(base::Code::invalid,
                      fmt::format("illegally formed job identifier: {}", base::printable(text)));
  }
  NamedJob named{.job = *number, .tasks = {}, .step = {}};
  if (bracket != std::string_view::npos && of_job.substr(bracket) != "[]")
    named.tasks = tasks_of(of_job.substr(bracket));
  return named;
}

base::Result<std::vector<NamedJob>> named_jobs(std::string_view text) {
  std::vector<NamedJob> jobs;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const char c = at < text.size() ? text[at] : ',';
    depth += (c == '[') - (c == ']');
    if (c != ',' || (depth > 0 && at < text.size())) continue;
    const auto word = base::trim(text.substr(start, at - start));
    start = at + 1;
    if (word.empty()) continue;
    auto job = named_job(word);
    if (!job) return std::unexpected(job.error());
    jobs.push_back(*std::move(job));
  }
  return jobs;
}

std::string to_text(const NamedJob& job) {
  if (!job.tasks) return to_text(job.job);
  if (job.tasks->count() == 1) return fmt::format("{}_{}", to_text(job.job), *job.tasks->first());
  return fmt::format("{}_[{}]", to_text(job.job), model::ranges_text(*job.tasks));
}

bool passes(const JobFilter& filter, const model::JobRecord& job) {
  const bool is_by_user =
      is_among(filter.users, job.user.name) || is_among(filter.users, std::to_string(job.user.uid));
  const bool is_in_state =
      filter.states.empty() ||
      std::ranges::find(filter.states, slurm_state(job).name) != filter.states.end();
  return is_by_user && is_in_state && is_named(filter.jobs, job) &&
         is_among(filter.names, job.name) && is_among(filter.partitions, partition_of(job)) &&
         is_among(filter.accounts, job.workspace) &&
         is_among(filter.classes, or_else(job.class_name, "normal")) && is_on(filter.nodes, job) &&
         (filter.booking.empty() || job.choice.booking == filter.booking);
}

}  // namespace compat
