#include "scheduler/daemon/job_list.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/wire/api.h"
#include "scheduler/core/record.h"

namespace musterd {

namespace {

using base::Code;
using base::fail;

constexpr std::int64_t largest_page = 10'000;
constexpr model::JobState all_states[] = {model::JobState::waiting,   model::JobState::starting,
                                          model::JobState::running,   model::JobState::ending,
                                          model::JobState::completed, model::JobState::failed,
                                          model::JobState::cancelled, model::JobState::timed_out,
                                          model::JobState::node_lost, model::JobState::preempted};

base::Result<std::set<model::JobState>> read_states(std::string_view text) {
  std::set<model::JobState> states;
  for (const auto word : base::split(text, ',')) {
    if (word == "active") {
      for (const auto state : all_states) {
        if (!is_final(state)) states.insert(state);
      }
    } else if (const auto state = model::job_state_from_text(word)) {
      states.insert(*state);
    } else {
      std::string known = "active";
      for (const auto other : all_states) known.append(", ").append(to_text(other));
      return fail(Code::invalid, "state '" + base::printable(word) + "': expected " + known);
    }
  }
  return states;
}

base::Result<base::Time> read_seconds(const std::string& name, std::string_view text) {
  constexpr std::int64_t year_9999 = 253'402'300'799;
  const auto seconds = base::parse_int(text, 0, year_9999);
  if (seconds) return base::time_from_us(*seconds * 1'000'000);
  return fail(Code::invalid,
              name + " '" + base::printable(text) + "': expected whole seconds since 1970 in UTC");
}

bool matches(const JobQuery& query, const scheduler::Job& job) {
  const auto* done = std::get_if<scheduler::Done>(&job.phase);
  return (query.user.empty() || job.user.name == query.user) &&
         (query.name.empty() || job.spec->name == query.name) &&
         (!query.since || done == nullptr || done->at >= *query.since) &&
         (!query.until || job.submitted_at <= *query.until) &&
         (query.states.empty() || query.states.contains(state_of(job)));
}

/// History's part of the page, by id.
base::Result<std::vector<store::HistoryRow>> ended_jobs(store::Reader& reader,
                                                        const JobQuery& query) {
  store::HistoryQuery ended{.after = query.after,
                            .limit = query.limit + 1,
                            .states = {},
                            .user = query.user,
                            .name = query.name,
                            .ended_from = query.since,
                            .submitted_to = query.until};
  for (const auto state : query.states) {
    if (is_final(state)) ended.states.emplace_back(to_text(state));
  }
  if (!query.states.empty() && ended.states.empty()) return std::vector<store::HistoryRow>();
  return reader.list_jobs(ended);
}

}  // namespace

base::Result<JobQuery> job_query(const std::map<std::string, std::string>& parameters) {
  JobQuery query;
  for (const auto& [name, value] : parameters) {
    if (name == "state") {
      auto states = read_states(value);
      if (!states) return std::unexpected(std::move(states).error());
      query.states = std::move(*states);
    } else if (name == "user") {
      query.user = value;
    } else if (name == "name") {
      query.name = value;
    } else if (name == "since" || name == "until") {
      const auto time = read_seconds(name, value);
      if (!time) return std::unexpected(time.error());
      (name == "since" ? query.since : query.until) = *time;
    } else if (name == "after") {
      const auto after = base::parse_int(value, 0, UINT32_MAX);
      if (!after) return fail(Code::invalid, "after '" + base::printable(value) + "' is no job id");
      query.after = model::JobId(static_cast<std::uint32_t>(*after));
    } else if (name == "limit") {
      const auto limit = base::parse_int(value, 1, largest_page);
      if (!limit) {
        return fail(Code::invalid, "limit '" + base::printable(value) + "': expected 1 to " +
                                       std::to_string(largest_page));
      }
      query.limit = static_cast<std::size_t>(*limit);
    } else {
      return fail(Code::invalid, "there is no parameter '" + base::printable(name) +
                                     "'; expected state, user, name, since, until, after, "
                                     "limit");
    }
  }
  return query;
}

LiveJobs live_jobs(const scheduler::Engine& engine, const JobQuery& query, std::size_t look_at) {
  LiveJobs live;
  const auto& jobs = engine.state().jobs;
  auto job = query.after ? jobs.upper_bound(*query.after) : jobs.begin();
  std::optional<model::JobId> last;
  for (; job != jobs.end() && live.jobs.size() <= query.limit; ++job) {
    if (look_at-- == 0) {
      live.horizon = last;
      return live;
    }
    last = job->first;
    if (matches(query, job->second)) live.jobs.push_back(engine.record_of(job->second));
  }
  return live;
}

base::Result<std::string> job_page(store::Reader& reader, const JobQuery& query,
                                   const LiveJobs& live) {
  auto rows = ended_jobs(reader, query);
  if (!rows) return std::unexpected(std::move(rows).error());
  std::map<model::JobId, std::string> page;
  for (const auto& record : live.jobs) page.emplace(record.job, std::string());
  for (auto& row : *rows) {
    if (!live.horizon || row.job <= *live.horizon) page.emplace(row.job, std::move(row.record));
  }
  std::optional<model::JobId> next = live.horizon;
  if (page.size() > query.limit) {
    page.erase(std::next(page.begin(), static_cast<std::ptrdiff_t>(query.limit)), page.end());
    next = page.rbegin()->first;
  }
  for (const auto& record : live.jobs) {
    if (const auto place = page.find(record.job); place != page.end()) {
      place->second = wire::to_json(record);
    }
  }
  std::vector<std::string> records;
  records.reserve(page.size());
  for (auto& [job, record] : page) records.push_back(std::move(record));
  return wire::job_page_json(records, next);
}

}  // namespace musterd
