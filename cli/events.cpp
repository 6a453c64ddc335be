// events: what happened in the cluster, and what happens.

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "cli/api.h"
#include "cli/render/json.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/http/sse.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum EventsId { follow_id, from_id, job_id_option };
constexpr std::array<options::Option, 6> events_table{{
    {follow_id, "follow", 'f', "", "Go on with what happens from now on, until interrupted."},
    {from_id, "from", 0, "NUMBER",
     "Begin with this number. Left out: with the first, or with --follow with the next."},
    {job_id_option, "job", 'j', "ID", "Only what is about this job."},
    json_option,
    dir_option,
    help_option,
}};

/// RFC 3339 as the API writes it, "2026-11-20T12:00:00.123456Z", in local time.
std::string local_text(std::string_view utc) {
  std::tm parts{};
  const std::string text(utc);
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return text;
  return local_time(base::time_from_us(std::int64_t{::timegm(&parts)} * 1'000'000));
}

/// Prints events as they come, and knows where to go on after a break.
class EventPrinter {
 public:
  EventPrinter(bool as_json, render::NodeNames names)
      : as_json_(as_json), names_(std::move(names)) {}

  /// False when reading makes no more sense.
  bool take(std::string_view bytes);
  const std::string& last_id() const { return last_id_; }
  const std::optional<base::Error>& error() const { return error_; }
  void start_again() { reader_ = http::SseReader(); }

 private:
  void show(const http::SseEvent& event);

  bool as_json_;
  render::NodeNames names_;
  http::SseReader reader_;
  std::string last_id_;
  std::optional<base::Error> error_;
};

bool EventPrinter::take(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    const auto event = reader_.next();
    if (!event) {
      error_ = event.error();
      return false;
    }
    if (!*event) break;
    show(**event);
    if (error_) return false;
    if (!(*event)->id.empty()) last_id_ = (*event)->id;
  }
  return std::fflush(stdout) == 0;  // false: nobody reads any more
}

void EventPrinter::show(const http::SseEvent& event) {
  if (as_json_) {
    print(event.data + "\n");
    return;
  }
  const auto line = render::event_line(event.data, local_text, names_);
  if (line) {
    print(fmt::format("{:>6}  {}\n", event.id, *line));
  } else {
    error_ = line.error();
  }
}

Try<std::string> target_of(const options::Parsed& line, const Api& api) {
  std::string target = "/v1/events?";
  const bool follows = options::has(line, follow_id);
  if (const auto* from = options::find(line, from_id)) {
    if (!base::parse_int(from->value, 0, INT64_MAX)) {
      return misuse(
          fmt::format("--from: expected a whole number, found '{}'", base::printable(from->value)));
    }
    target += "from=" + from->value;
  } else {
    target += follows ? "" : "from=0";
  }
  if (const auto* text = options::find(line, job_id_option)) {
    const auto job = job_name(api, text->value);
    if (!job) return std::unexpected(job.error());
    target += (target.ends_with('?') ? "job=" : "&job=") + to_text(*job);
  }
  if (!follows) target += "&once=true";
  if (target.ends_with('?')) target.pop_back();
  return target;
}

/// Of the nodes that are there. Those that come are named by their events, and of others the number
/// has to do.
render::NodeNames node_names(const Api& api) {
  render::NodeNames names;
  const auto body = api.get("/v1/nodes");
  const auto nodes = body ? wire::nodes_from_json(*body) : base::fail(base::Code::unavailable, "");
  if (!nodes) return names;
  for (const auto& node : *nodes) names.emplace(std::to_string(node.node.number()), node.info.name);
  return names;
}

Outcome events(const options::Parsed& line) {
  if (!line.rest.empty()) return misuse(fmt::format("expected no '{}'", line.rest.front()));
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto target = target_of(line, *api);
  if (!target) return std::unexpected(target.error());
  const bool as_json = options::has(line, json_id);
  EventPrinter printer(as_json, as_json ? render::NodeNames() : node_names(*api));
  const auto ask = [&]() -> Try<void> {
    http::Headers headers;
    if (!printer.last_id().empty()) headers.emplace("Last-Event-ID", printer.last_id());
    printer.start_again();
    return api->stream(*target, headers,
                       [&](std::string_view bytes) { return printer.take(bytes); });
  };
  const auto done = api->persist(ask);
  if (printer.error()) return refuse(*printer.error());
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

}  // namespace

constinit const Verb events_verb{
    "events",
    "[OPTIONS]",
    "Print what happened in the cluster.",
    "One line an event: its number, time, kind, and what it is about. With --json one object a "
    "line. "
    "A controller that is restarted is waited for, and asked for what came after the last event "
    "shown.",
    [] { return std::span<const options::Option>(events_table); },
    options::Operands::anywhere,
    events};

}  // namespace cli
