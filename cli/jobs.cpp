// jobs: the listing of jobs.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "cli/api.h"
#include "cli/render/json.h"
#include "cli/render/records.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/http/target.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum JobsId { all_id, state_id, user_id };
constexpr std::array<options::Option, 6> jobs_table{{
    {all_id, "all", 'a', "", "Jobs of all users."},
    {state_id, "state", 's', "STATES",
     "Jobs in these states: a list of waiting, starting, running, ending, completed, failed, "
     "cancelled, timed_out, node_lost, preempted; or active for those that have not ended; or all. "
     "Left out: "
     "active ones and the last ten that ended."},
    {user_id, "user", 'u', "NAME", "Jobs of this user. Left out: your own."},
    json_option,
    dir_option,
    help_option,
}};

constexpr std::size_t n_recent = 10;
constexpr std::uint32_t recent_span = 200;  // numbers looked back for ended jobs

/// "&user=ann", as far as the options restrict the listing.
std::string user_query(const options::Parsed& line) {
  if (const auto* user = options::find(line, user_id)) {
    return "&user=" + http::percent_encode(user->value);
  }
  return options::has(line, all_id) ? "" : "&user=" + http::percent_encode(own_name());
}

struct Listing {
  std::vector<std::string> pages;  // JSON as it came
  std::vector<model::JobRecord> jobs;
};

/// All pages of a listing.
Try<Listing> list(const Api& api, const std::string& query) {
  Listing listing;
  std::string after;
  for (;;) {
    auto body = api.get("/v1/jobs?limit=1000" + query + after);
    if (!body) return std::unexpected(body.error());
    auto page = wire::job_page_from_json(*body);
    if (!page) return refuse(page.error());
    listing.pages.push_back(std::move(*body));
    std::ranges::move(page->jobs, std::back_inserter(listing.jobs));
    if (!page->next) return listing;
    after = "&after=" + to_text(*page->next);
  }
}

/// The last jobs that ended, then the active ones.
Try<Listing> recent(const Api& api, const std::string& query) {
  const auto newest = newest_job(api);
  if (!newest) return std::unexpected(newest.error());
  if (!*newest) return Listing{};
  const auto last = (*newest)->number();
  auto ended =
      list(api, fmt::format("{}&state=completed,failed,cancelled,timed_out,node_lost,preempted"
                            "&after={}",
                            query, last > recent_span ? last - recent_span : 0));
  if (!ended) return ended;
  auto active = list(api, query + "&state=active");
  if (!active) return active;
  auto& jobs = ended->jobs;
  if (jobs.size() > n_recent) jobs.erase(jobs.begin(), jobs.end() - n_recent);
  std::ranges::move(active->jobs, std::back_inserter(jobs));
  std::ranges::move(active->pages, std::back_inserter(ended->pages));
  std::ranges::stable_sort(jobs, {}, &model::JobRecord::job);
  return ended;
}

Outcome jobs(const options::Parsed& line) {
  if (!line.rest.empty()) {
    return misuse(fmt::format("expected no '{}'; one job: muster show {}", line.rest.front(),
                              line.rest.front()));
  }
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto* state = options::find(line, state_id);
  auto query = user_query(line);
  if (state != nullptr && state->value != "all") {
    query += "&state=" + http::percent_encode(state->value);
  }
  const auto listing = state != nullptr ? list(*api, query) : recent(*api, query);
  if (!listing) return std::unexpected(listing.error());
  if (!options::has(line, json_id)) {
    print(render::job_table(listing->jobs, view()));
    return exit_done;
  }
  std::vector<model::JobId> ids;
  for (const auto& job : listing->jobs) ids.push_back(job.job);
  const auto text = render::pretty_pages(listing->pages, ids);
  if (!text) return refuse(text.error());
  print(*text);
  return exit_done;
}

}  // namespace

constinit const Verb jobs_verb{
    "jobs",
    "[OPTIONS]",
    "List jobs.",
    "REASON is why a waiting job waits, the nodes of a running one, and how an ended one ended.",
    [] { return std::span<const options::Option>(jobs_table); },
    options::Operands::anywhere,
    jobs};

}  // namespace cli
