#include "scheduler/daemon/api.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/http/status.h"
#include "lib/model/agent_message.h"
#include "scheduler/daemon/api_gate.h"

namespace musterd {

namespace {

using base::Code;
using base::fail;

constexpr std::string_view job_segment = "{job}";

/// "17", "17_4" or "17_[1-3]".
std::optional<JobPath> named_job(std::string_view text) {
  const auto underscore = text.find('_');
  const auto number = base::parse_int(text.substr(0, underscore), 1, UINT32_MAX);
  if (!number) return std::nullopt;
  JobPath named{.job = model::JobId(static_cast<std::uint32_t>(*number))};
  if (underscore == std::string_view::npos) return named;
  auto list = text.substr(underscore + 1);
  if (list.starts_with('[') && list.ends_with(']')) list = list.substr(1, list.size() - 2);
  auto tasks = model::tasks_from_text(list);
  if (!tasks || tasks->empty()) return std::nullopt;
  named.tasks = std::move(*tasks);
  return named;
}

std::string known_methods(std::string_view path) {
  std::vector<std::string> methods;
  for (const auto& route : Api::routes()) {
    if (match_job(route.path, path)) methods.emplace_back(route.method);
  }
  return base::join(methods, ", ");
}

http::Response no_route(const http::Request& request) {
  const auto methods = known_methods(request.path);
  if (methods.empty()) {
    return http::error_response(
        {Code::not_found, "there is no '" + base::printable(request.path) + "' in this API"});
  }
  auto response = http::error_response(
      {Code::invalid, "'" + base::printable(request.path) + "' is asked with " + methods +
                          ", not with " + base::printable(request.method)});
  response.status = 405;
  response.headers.emplace("Allow", methods);
  return response;
}

base::Result<Events::Query> events_query(const http::Request& request, model::Seq last) {
  constexpr std::array<std::string_view, 3> known{"from", "job", "once"};
  if (auto fine = check_parameters(request, known); !fine) {
    return std::unexpected(std::move(fine).error());
  }
  const auto from = number_parameter(request, "from", 0, INT64_MAX);
  const auto job = number_parameter(request, "job", 1, UINT32_MAX);
  const auto once = flag_parameter(request, "once");
  if (!from) return std::unexpected(from.error());
  if (!job) return std::unexpected(job.error());
  if (!once) return std::unexpected(once.error());
  Events::Query query{.from = last + 1, .job = {}, .once = *once};
  if (*from) query.from = static_cast<model::Seq>(**from);
  if (*job) query.job = model::JobId(static_cast<std::uint32_t>(**job));
  if (const auto seen = request.header("Last-Event-ID")) {
    const auto seq = base::parse_int(*seen, 0, INT64_MAX - 1);
    if (!seq) return fail(Code::invalid, "Last-Event-ID is not the id of an event");
    query.from = static_cast<model::Seq>(*seq) + 1;
  }
  query.tells_gap = query.from > 1;
  return query;
}

}  // namespace

std::span<const Api::Route> Api::routes() {
  static constexpr std::array<Route, 33> table{{
      {"GET", "/v1/version", &Api::version},
      {"GET", "/v1/status", &Api::status},
      {"GET", "/v1/nodes", &Api::nodes},
      {"POST", "/v1/nodes/evict", &Api::evict_node, {.is_for_operators = true}},
      {"POST", "/v1/nodes/drain", &Api::drain_nodes, {.is_for_operators = true}},
      {"POST", "/v1/nodes/resume", &Api::resume_nodes, {.is_for_operators = true}},
      {"POST", "/v1/nodes/check", &Api::check_node, {.is_for_operators = true}},
      {"GET", "/v1/nodes/log", &Api::node_log, {.is_for_operators = true}},
      {"GET", "/v1/events", &Api::events},
      {"GET", "/v1/bookings", &Api::bookings},
      {"POST", "/v1/bookings", &Api::book, {.is_for_operators = true}},
      {"POST", "/v1/bookings/cancel", &Api::cancel_booking, {.is_for_operators = true}},
      {"GET", "/v1/pools", &Api::pools},
      {"POST", "/v1/pools/change", &Api::change_pool, {.is_for_operators = true}},
      {"POST", "/v1/shutdown", &Api::shutdown, {.is_for_operators = true}},
      {"POST", "/v1/jobs", &Api::submit},
      {"GET", "/v1/jobs", &Api::jobs},
      {"GET", "/v1/priorities", &Api::priorities},
      {"GET", "/v1/quotas", &Api::quotas},
      {"GET", "/v1/jobs/{job}", &Api::job},
      {"GET", "/v1/jobs/{job}/advice", &Api::job_advice},
      {"POST", "/v1/advice", &Api::advice},
      {"GET", "/v1/jobs/{job}/script", &Api::script},
      {"GET", "/v1/jobs/{job}/logs", &Api::logs},
      {"POST", "/v1/jobs/{job}/cancel", &Api::cancel, {.takes_tasks = true}},
      {"POST", "/v1/jobs/{job}/hold", &Api::hold},
      {"POST", "/v1/jobs/{job}/release", &Api::release},
      {"POST", "/v1/jobs/{job}/requeue", &Api::requeue},
      {"POST", "/v1/jobs/{job}/signal", &Api::signal},
      {"POST", "/v1/jobs/{job}/update", &Api::update},
      {"POST", "/v1/jobs/{job}/checkpoint", &Api::checkpoint},
      {"POST", "/v1/jobs/{job}/steps", &Api::start_step},
      {"GET", "/v1/jobs/{job}/attach", &Api::attach},
  }};
  return table;
}

std::optional<JobPath> match_job(std::string_view route, std::string_view path) {
  const auto expected = base::split(route, '/');
  const auto given = base::split(path, '/');
  if (expected.size() != given.size()) return std::nullopt;
  JobPath job;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] != job_segment) {
      if (expected[i] != given[i]) return std::nullopt;
      continue;
    }
    auto named = named_job(given[i]);
    if (!named) return std::nullopt;
    job = std::move(*named);
  }
  return job;
}

http::Response json_response(std::string body) {
  return {.body = std::move(body), .headers = {}};
}

base::Result<std::optional<std::int64_t>> number_parameter(const http::Request& request,
                                                           std::string_view name, std::int64_t low,
                                                           std::int64_t high) {
  const auto text = request.parameter(name);
  if (!text) return std::nullopt;
  const auto number = base::parse_int(*text, low, high);
  if (number) return number;
  return fail(Code::invalid, std::string(name) + " '" + base::printable(*text) +
                                 "': expected a number from " + std::to_string(low) + " to " +
                                 std::to_string(high));
}

base::Result<bool> flag_parameter(const http::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  if (!text || *text == "false") return false;
  if (*text == "true") return true;
  return fail(Code::invalid,
              std::string(name) + " '" + base::printable(*text) + "': expected true or false");
}

base::Result<void> check_parameters(const http::Request& request,
                                    std::span<const std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string expected;
    for (const auto word : known) expected.append(expected.empty() ? "" : ", ").append(word);
    return fail(Code::invalid,
                "there is no parameter '" + base::printable(name) + "'; expected " + expected);
  }
  return {};
}

Api::Api(Parts parts) : parts_(std::move(parts)) {}

void Api::handle(http::Request request, http::Responder responder) {
  if (!request.peer) {
    return responder.fail({Code::denied, "who asks is not known; expected a Unix socket"});
  }
  const auto uid = static_cast<std::uint32_t>(request.peer->uid);
  if (!request.via.empty() && !may_call(parts_.driver.engine().state(), request.via, uid)) {
    return responder.fail({Code::denied, "on '" + request.via + "' runs no job of user " +
                                             std::to_string(uid) +
                                             ": only those of running jobs are heard from there"});
  }
  for (const auto& route : routes()) {
    if (route.method != request.method) continue;
    const auto job = match_job(route.path, request.path);
    if (!job) continue;
    if (route.traits.is_for_operators && !request.via.empty()) {
      return responder.fail({Code::denied, "jobs on '" + request.via +
                                               "' may not do that: only the controller's machine"});
    }
    auto user = users_.identify(*request.peer);
    Ask ask{std::move(request), std::move(responder), std::move(user), job->job, job->tasks};
    if (!job->tasks) return (this->*route.handler)(std::move(ask));
    if (!route.traits.takes_tasks && job->tasks->count() > 1) {
      return ask.responder.fail({Code::invalid, "expected one task, found several"});
    }
    return with_task(std::move(ask), route.handler);
  }
  responder.send(no_route(request));
}

void Api::version(Ask ask) {
  ask.responder.send(
      json_response(wire::to_json(wire::Version{.name = "muster",
                                                .version = MUSTER_VERSION,
                                                .cluster = parts_.config.cluster.name,
                                                .pid = static_cast<std::uint32_t>(getpid()),
                                                .protocol = model::protocol_version})));
}

void Api::status(Ask ask) {
  ask.responder.send(json_response(wire::to_json(parts_.status())));
}

void Api::nodes(Ask ask) {
  std::vector<model::NodeRecord> records;
  const auto& engine = parts_.driver.engine();
  for (const auto& [name, id] : engine.state().node_by_name) {
    const auto& node = engine.state().nodes.at(id);
    if (parts_.is_shown(node)) records.push_back(engine.record_of(node));
  }
  ask.responder.send(json_response(wire::to_json(records)));
}

void Api::events(Ask ask) {
  const auto query = events_query(ask.request, parts_.events.last());
  if (!query) return ask.responder.fail(query.error());
  parts_.events.open(*query, ask.responder);
}

void Api::shutdown(Ask ask) {
  parts_.shut_down(std::move(ask.user), std::move(ask.responder));
}

}  // namespace musterd
