#include "cli/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/http/status.h"
#include "lib/http/target.h"
#include "lib/loop/clock.h"
#include "lib/model/array.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration patience = 60s;
constexpr base::Duration between_tries = 100ms;

Problem problem_of(const http::Response& response) {
  auto error = http::to_error(response);
  const bool is_for_now = error.code == base::Code::unavailable;
  const bool is_missing = error.code == base::Code::not_found;
  return {.exit_code = exit_refused,
          .text = std::move(error.text),
          .is_for_now = is_for_now,
          .is_missing = is_missing};
}

/// The first job with a number above `after`.
Try<std::optional<model::JobRecord>> first_after(const Api& api, std::uint32_t after) {
  const auto body = api.get(fmt::format("/v1/jobs?limit=1&after={}", after));
  if (!body) return std::unexpected(body.error());
  const auto page = wire::job_page_from_json(*body);
  if (!page) return refuse(page.error());
  if (page->jobs.empty()) return std::nullopt;
  return page->jobs.front();
}

}  // namespace

Try<Api> Api::of(const options::Parsed& line) {
  auto cluster = find_cluster(line);
  if (!cluster) return std::unexpected(cluster.error());
  return Api(std::move(*cluster));
}

/// A controller that went away is waited for, for so long.
class Api::Absence {
 public:
  explicit Absence(const Cluster& cluster) : cluster_(cluster) {}

  /// Waits a little; refused when it has been too long.
  Try<void> wait() {
    if (!since_) {
      since_.emplace();
      print_error("muster: the controller is away; waiting for it\n");
    }
    if (since_->so_far() > patience) {
      auto problem = no_cluster(cluster_);
      problem.text = "the controller did not come back within a minute: " + problem.text;
      return std::unexpected(std::move(problem));
    }
    sleep_for(between_tries);
    return {};
  }

  void end() const {
    if (since_) print_error("muster: the controller is back\n");
  }

 private:
  const Cluster& cluster_;
  std::optional<loop::Elapsed> since_;
};

Try<std::string> Api::ask(const http::Request& request, bool has_time_limit) const {
  if (!is_listening(cluster_.address)) return std::unexpected(no_cluster(cluster_));
  const http::Client client(cluster_.address,
                            {.timeout = has_time_limit ? patience : base::Duration::zero()});
  Absence absence(cluster_);
  for (;;) {
    auto response = client.request(request);
    if (response) {
      absence.end();
      if (response->is_success()) return std::move(response->body);
      return std::unexpected(problem_of(*response));
    }
    if (response.error().code != base::Code::unavailable) return refuse(response.error());
    if (const auto waited = absence.wait(); !waited) return std::unexpected(waited.error());
  }
}

Try<std::string> Api::get(const std::string& target) const {
  return ask({.target = target}, true);
}

Try<std::string> Api::get_slowly(const std::string& target) const {
  return ask({.target = target}, false);
}

Try<std::string> Api::post(const std::string& target, const std::string& body) const {
  return ask({.method = "POST", .target = target, .body = body}, true);
}

Try<std::string> Api::post_slowly(const std::string& target, const std::string& body) const {
  return ask({.method = "POST", .target = target, .body = body}, false);
}

Try<std::string> Api::post_once(const std::string& target, const std::string& body) const {
  Absence absence(cluster_);
  while (!is_listening(cluster_.address)) {
    if (const auto waited = absence.wait(); !waited) return std::unexpected(waited.error());
  }
  absence.end();
  auto response =
      http::Client(cluster_.address).request({.method = "POST", .target = target, .body = body});
  if (!response) {
    return refuse("the controller's answer got lost, so it is not known whether it was done: " +
                  response.error().text);
  }
  if (response->is_success()) return std::move(response->body);
  return std::unexpected(problem_of(*response));
}

Try<void> Api::stream(const std::string& target, const http::Headers& headers,
                      const std::function<bool(std::string_view)>& take) const {
  if (!is_listening(cluster_.address)) return std::unexpected(no_cluster(cluster_));
  const http::Client client(cluster_.address, {.timeout = base::Duration::zero()});
  const auto response = client.request_stream({.target = target, .headers = headers}, take);
  if (!response) {
    return std::unexpected(
        Problem{.exit_code = exit_refused,
                .text = response.error().text,
                .was_cut_off = response.error().code == base::Code::unavailable});
  }
  if (!response->is_success()) return std::unexpected(problem_of(*response));
  return {};
}

Try<void> Api::persist(const std::function<Try<void>()>& ask) const {
  for (;;) {
    auto done = ask();
    if (done || !done.error().was_cut_off) return done;
    Absence absence(cluster_);
    do {
      if (auto waited = absence.wait(); !waited) return waited;
    } while (!is_listening(cluster_.address));
    absence.end();
  }
}

Try<std::optional<model::JobId>> newest_job(const Api& api) {
  // Numbers are given one after the other, so the last is found by halving.
  const auto first = first_after(api, 0);
  if (!first) return std::unexpected(first.error());
  if (!*first) return std::nullopt;
  auto newest = **first;
  std::uint64_t step = 1;
  constexpr std::uint64_t most = UINT32_MAX;
  while (step > 0) {
    const auto probe = std::min(std::uint64_t{newest.job.number()} + step - 1, most);
    const auto next = first_after(api, static_cast<std::uint32_t>(probe));
    if (!next) return std::unexpected(next.error());
    if (*next) {
      newest = **next;
      step *= 2;
    } else if (step == 1) {
      step = 0;
    } else {
      step /= 2;
    }
  }
  return newest.task ? newest.task->array : newest.job;
}

std::string to_text(const JobName& name) {
  const auto job = to_text(name.job);
  return name.tasks.empty() ? job : fmt::format("{}_{}", job, name.tasks);
}

Try<JobName> job_name(const Api& api, std::string_view text) {
  if (text == "last") {
    const auto newest = newest_job(api);
    if (!newest) return std::unexpected(newest.error());
    if (!*newest) return refuse("no job was submitted yet");
    return JobName{**newest};
  }
  const auto underscore = text.find('_');
  const auto number = base::parse_int(text.substr(0, underscore), 1, UINT32_MAX);
  const auto tasks =
      underscore == std::string_view::npos ? std::string_view() : text.substr(underscore + 1);
  const auto list =
      tasks.starts_with('[') && tasks.ends_with(']') ? tasks.substr(1, tasks.size() - 2) : tasks;
  const bool is_list = underscore == std::string_view::npos ||
                       (!list.empty() && model::tasks_from_text(list).has_value());
  if (!number || !is_list) {
    return misuse(
        fmt::format("expected the id of a job such as 17, a task of an array such as "
                    "17_4, or last; found '{}'",
                    base::printable(text)));
  }
  return JobName{model::JobId(static_cast<std::uint32_t>(*number)), std::string(tasks)};
}

Try<JobName> only_job(const Api& api, const options::Parsed& line) {
  if (line.rest.empty()) return misuse("expected the id of a job, or last");
  if (line.rest.size() > 1) {
    return misuse(fmt::format("expected one id, found '{}' as well", line.rest[1]));
  }
  return job_name(api, line.rest.front());
}

Try<std::vector<JobName>> some_jobs(const Api& api, const options::Parsed& line) {
  if (line.rest.empty()) return misuse("expected one or more ids of jobs, or last");
  std::vector<JobName> jobs;
  for (const auto& text : line.rest) {
    const auto job = job_name(api, text);
    if (!job) return std::unexpected(job.error());
    jobs.push_back(*job);
  }
  return jobs;
}

std::string job_target(const JobName& job, std::string_view more) {
  return fmt::format("/v1/jobs/{}{}", http::percent_encode(to_text(job)), more);
}

Try<model::JobRecord> wait_for(const Api& api, const JobName& job) {
  const auto body = api.get_slowly(job_target(job, "?wait=true"));
  if (!body) return std::unexpected(body.error());
  auto record = wire::job_record_from_json(*body);
  if (!record) return refuse(record.error());
  return std::move(*record);
}

int exit_code_of(const model::JobRecord& job) {
  const int code = job.outcome ? job.outcome->exit_code : exit_done;
  if (code == exit_done && job.state != model::JobState::completed) return exit_refused;
  return code;
}

}  // namespace cli
