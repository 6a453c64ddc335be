#include "cli/compat/job_source.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "cli/compat/job_values.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/http/target.h"
#include "lib/loop/clock.h"
#include "lib/model/array.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

using model::JobRecord;

/// The tasks of an array have the numbers that follow its own.
Try<void> add_tasks(const Api& api, const JobRecord& array, const std::string& query,
                    std::vector<JobRecord>& jobs) {
  const auto last = array.job.number() + static_cast<std::uint32_t>(array.array->tasks.count());
  auto after = array.job;
  while (after.number() < last) {
    const auto limit = std::min<std::uint32_t>(last - after.number(), 1000);
    const auto body =
        api.get(fmt::format("/v1/jobs?limit={}&after={}{}", limit, to_text(after), query));
    if (!body) return std::unexpected(body.error());
    auto page = wire::job_page_from_json(*body);
    if (!page) return refuse(page.error());
    for (auto& job : page->jobs) {
      if (job.task && job.task->array == array.job) jobs.push_back(std::move(job));
    }
    if (!page->next) return {};
    after = *page->next;
  }
  return {};
}

}  // namespace

Try<Api> api_here() {
  return Api::of(options::Parsed{});
}

Try<compat::Surroundings> surroundings(const Api& api, bool is_named) {
  compat::Surroundings with{.now = loop::now(), .cluster = {}};
  if (!is_named) return with;
  const auto body = api.get("/v1/version");
  if (!body) return std::unexpected(body.error());
  auto version = wire::version_from_json(*body);
  if (!version) return refuse(version.error());
  with.cluster = std::move(version->cluster);
  return with;
}

Try<std::vector<JobRecord>> list_jobs(const Api& api, const std::string& query) {
  std::vector<JobRecord> jobs;
  std::string after;
  for (;;) {
    const auto body = api.get("/v1/jobs?limit=1000" + query + after);
    if (!body) return std::unexpected(body.error());
    auto page = wire::job_page_from_json(*body);
    if (!page) return refuse(page.error());
    std::ranges::move(page->jobs, std::back_inserter(jobs));
    if (!page->next) return jobs;
    after = "&after=" + to_text(*page->next);
  }
}

Try<std::optional<JobRecord>> find_job(const Api& api, const std::string& name) {
  const auto body = api.get("/v1/jobs/" + http::percent_encode(name));
  if (!body && body.error().is_missing) return std::nullopt;
  if (!body) return std::unexpected(body.error());
  auto job = wire::job_record_from_json(*body);
  if (!job) return refuse(job.error());
  return *std::move(job);
}

Try<std::vector<JobRecord>> jobs_named(const Api& api, std::span<const compat::NamedJob> names,
                                       const std::string& query,
                                       std::vector<std::string>& missing) {
  std::vector<JobRecord> jobs;
  std::set<model::JobId> asked;
  for (const auto& name : names) {
    if (!asked.insert(name.job).second) continue;
    auto found = find_job(api, to_text(name.job));
    if (!found) return std::unexpected(found.error());
    if (!*found) {
      missing.push_back(to_text(name));
      continue;
    }
    jobs.push_back(**std::move(found));
    if (!jobs.back().tally || !jobs.back().array) continue;
    const auto array = jobs.back();
    if (auto added = add_tasks(api, array, query, jobs); !added)
      return std::unexpected(added.error());
  }
  return jobs;
}

std::vector<JobRecord> with_tasks_apart(std::vector<JobRecord> jobs) {
  std::vector<JobRecord> apart;
  for (auto& job : jobs) {
    if (!job.tally) {
      apart.push_back(std::move(job));
    } else {
      std::ranges::move(compat::waiting_tasks(job), std::back_inserter(apart));
    }
  }
  return apart;
}

void drop_spread_arrays(std::vector<JobRecord>& jobs) {
  std::erase_if(jobs, [](const JobRecord& job) {
    return job.tally && job.tally->pending.empty() && job.tally->has_begun;
  });
  for (auto& job : jobs) {
    if (job.tally && !job.tally->pending.empty()) job.state = model::JobState::waiting;
  }
}

std::string user_query(const std::vector<std::string>& users) {
  if (users.size() != 1) return {};
  const auto number = base::parse_int(users.front(), 0, UINT32_MAX);
  if (!number) return "&user=" + http::percent_encode(users.front());
  const auto* entry = ::getpwuid(static_cast<uid_t>(*number));
  return entry != nullptr ? "&user=" + http::percent_encode(entry->pw_name) : std::string();
}

Try<std::vector<model::NodeRecord>> list_nodes(const Api& api) {
  const auto body = api.get("/v1/nodes");
  if (!body) return std::unexpected(body.error());
  auto nodes = wire::nodes_from_json(*body);
  if (!nodes) return refuse(nodes.error());
  return *std::move(nodes);
}

std::vector<std::string> without_value(std::span<const std::string> words,
                                       std::string_view option) {
  std::vector<std::string> kept(words.begin(), words.end());
  for (auto& word : kept) {
    if (word.starts_with(option) && word.size() > option.size() && word[option.size()] == '=')
      word.resize(option.size());
  }
  return kept;
}

}  // namespace cli
