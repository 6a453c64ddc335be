// reserve: sets nodes aside for a time, and lists what is set aside.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/records.h"
#include "cli/request/node_values.h"
#include "cli/request/when.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/model/booking.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum ReserveId {
  reserve_nodes_id,
  reserve_pool_id,
  start_id,
  end_id,
  duration_id,
  users_id,
  workspaces_id,
  maintenance_id,
  ignore_id,
  comment_id,
  cancel_id
};

constexpr std::array reserve_table{
    options::Option{reserve_nodes_id, "nodes", 'N', "COUNT|LIST",
                    "How many nodes, or which: n[1-4]. Left out: all."},
    options::Option{reserve_pool_id, "pool", 'p', "NAME", "Pool of the nodes. Left out: any."},
    options::Option{
        start_id, "start", 's', "TIME",
        "When it begins: now+2hours, 16:00, tomorrow, 2026-12-24T18:00. Left out: now."},
    options::Option{end_id, "end", 'e', "TIME", "When it ends, written as for --start."},
    options::Option{duration_id, "duration", 'd', "TIME",
                    "How long it is, in place of --end: 90m, 2d, or as for submit --time."},
    options::Option{users_id, "users", 'u', "LIST",
                    "Users whose jobs may use the nodes, joined by commas. Left out, without "
                    "--workspaces: you."},
    options::Option{workspaces_id, "workspaces", 'A', "LIST",
                    "Workspaces whose jobs may use the nodes."},
    options::Option{maintenance_id, "maintenance", 0, "", "Nobody's jobs may use the nodes."},
    options::Option{ignore_id, "ignore-jobs", 0, "",
                    "Take also nodes where jobs may still run when it begins; they run on."},
    options::Option{comment_id, "comment", 0, "TEXT", "Text that is shown with the booking."},
    options::Option{cancel_id, "cancel", 0, "", "End the booking that is named."},
    json_option,
    dir_option,
    help_option};

std::vector<std::string> names_of(const options::Given* given) {
  std::vector<std::string> names;
  if (given == nullptr) return names;
  for (const auto name : base::split(given->value, ',')) names.emplace_back(name);
  return names;
}

std::string text_of(const options::Given* given) {
  return given == nullptr ? std::string() : given->value;
}

base::Result<void> set_nodes(const options::Given& given, model::BookingSpec& spec) {
  if (const auto number = base::parse_int(given.value, 1, 1'000'000)) {
    spec.n_nodes = static_cast<int>(*number);
    return {};
  }
  auto names = request::node_names_from_text(given.value);
  if (!names) return std::unexpected(names.error().in(given.written));
  spec.names = std::move(*names);
  return {};
}

base::Result<void> set_times(const options::Parsed& line, model::BookingSpec& spec) {
  const auto now = loop::now();
  auto begin = now;
  if (const auto* given = options::find(line, start_id)) {
    const auto time = request::parse_when(given->value, now);
    if (!time) return std::unexpected(time.error().in(given->written));
    begin = *time;
    spec.start = *time;
  }
  const auto* until = options::find(line, end_id);
  const auto* length = options::find(line, duration_id);
  if ((until == nullptr) == (length == nullptr)) {
    return base::fail(base::Code::invalid,
                      "give either --end or --duration: a booking has to end one day");
  }
  if (until != nullptr) {
    const auto time = request::parse_when(until->value, now);
    if (!time) return std::unexpected(time.error().in(until->written));
    spec.end = *time;
    return {};
  }
  const auto time = base::parse_time_limit(length->value);
  if (!time) return std::unexpected(time.error().in(length->written));
  if (!*time || **time <= base::Duration())
    return base::fail(base::Code::invalid, "--duration: expected a time above 0, such as 2h");
  spec.end = begin + **time;
  return {};
}

base::Result<model::BookingSpec> spec_of(const options::Parsed& line) {
  model::BookingSpec spec;
  if (!line.rest.empty()) spec.name = line.rest.front();
  if (const auto* given = options::find(line, reserve_nodes_id)) {
    if (auto set = set_nodes(*given, spec); !set) return std::unexpected(set.error());
  }
  if (auto set = set_times(line, spec); !set) return std::unexpected(set.error());
  spec.pool = text_of(options::find(line, reserve_pool_id));
  spec.is_maintenance = options::has(line, maintenance_id);
  spec.ignores_jobs = options::has(line, ignore_id);
  spec.users = names_of(options::find(line, users_id));
  spec.workspaces = names_of(options::find(line, workspaces_id));
  spec.comment = text_of(options::find(line, comment_id));
  return spec;
}

Outcome list_bookings(const Api& api, const options::Parsed& line) {
  return print_answer(line, api.get("/v1/bookings"), wire::bookings_from_json,
                      [](const auto& bookings) {
                        return bookings.empty() ? std::string("Nothing is booked.\n")
                                                : render::booking_table(bookings, view());
                      });
}

Outcome make(const Api& api, const options::Parsed& line) {
  const auto spec = spec_of(line);
  if (!spec) return misuse(spec.error().text);
  const auto json = wire::to_json(*spec);
  if (!json) return refuse(json.error());
  const auto body = api.post_once("/v1/bookings", *json);
  if (!body) return std::unexpected(body.error());
  const auto name = wire::booking_reply_from_json(*body);
  if (!name) return refuse(name.error());
  print(fmt::format("Booked as {}\n", *name));
  return exit_done;
}

Outcome reserve(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  if (line.rest.size() > 1)
    return misuse(fmt::format("expected one name, found also '{}'", line.rest[1]));
  if (options::has(line, cancel_id)) {
    if (line.rest.empty()) return misuse("expected the name of the booking to cancel");
    const auto done =
        api->post_once("/v1/bookings/cancel", wire::booking_reply_json(line.rest.front()));
    if (!done) return std::unexpected(done.error());
    return exit_done;
  }
  const bool is_listing =
      line.rest.empty() && std::ranges::all_of(line.given, [](const options::Given& given) {
        return given.id == json_id || given.id == dir_id;
      });
  return is_listing ? list_bookings(*api, line) : make(*api, line);
}

}  // namespace

constinit const Verb reserve_verb{
    "reserve",
    "[--json]\n[OPTIONS] --end TIME|--duration TIME [NAME]\n--cancel NAME",
    "List bookings, or set nodes aside for a time.",
    "Without options, lists the bookings that have not ended. With them, books nodes: from its "
    "start "
    "to its end, only jobs of its users and workspaces that name it (submit --booking NAME) run "
    "there; before, only jobs that end in time start there. A booking of yours with the same name "
    "is "
    "replaced.\nRoot and the owner of the cluster may book any nodes, others as many as "
    "limits.booked_nodes of muster.toml(5) says. Nodes on which a job may still run at the start "
    "are "
    "not booked unless --ignore-jobs is given.",
    [] { return std::span<const options::Option>(reserve_table); },
    options::Operands::anywhere,
    reserve};

}  // namespace cli
