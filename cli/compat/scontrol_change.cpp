// scontrol hold, release, requeue, update ...: what changes jobs and nodes.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "cli/compat/job_source.h"
#include "cli/compat/scontrol.h"
#include "cli/request/change.h"
#include "cli/request/table.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/http/target.h"
#include "lib/loop/clock.h"
#include "lib/model/host_list.h"
#include "lib/model/node.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

using request::OptionId;

std::string target(const std::string& id, std::string_view action) {
  return fmt::format("/v1/jobs/{}/{}", http::percent_encode(id), action);
}

/// A key of update, and the option of muster update that means the same.
struct UpdateKey {
  std::string_view key;  // in lower case
  OptionId option;
};
constexpr std::array update_keys = std::to_array<UpdateKey>({
    {"account", OptionId::workspace},     {"arraytaskthrottle", OptionId::array_limit},
    {"comment", OptionId::comment},       {"deadline", OptionId::deadline},
    {"dependency", OptionId::dependency}, {"excnodelist", OptionId::exclude},
    {"features", OptionId::constraint},   {"jobname", OptionId::job_name},
    {"licenses", OptionId::licenses},     {"minmemorycpu", OptionId::mem_per_cpu},
    {"minmemorynode", OptionId::mem},     {"name", OptionId::job_name},
    {"nodelist", OptionId::nodelist},     {"numnodes", OptionId::nodes},
    {"numtasks", OptionId::ntasks},       {"partition", OptionId::pool},
    {"priority", OptionId::priority},     {"qos", OptionId::job_class},
    {"reqnodelist", OptionId::nodelist},  {"reservationname", OptionId::booking},
    {"starttime", OptionId::begin},       {"stderr", OptionId::error},
    {"stdout", OptionId::output},         {"timelimit", OptionId::time},
});

struct KeyValue {
  std::string key;  // in lower case
  std::string written;
  std::string value;
};

Try<std::vector<KeyValue>> read_pairs(std::span<const std::string> words) {
  std::vector<KeyValue> pairs;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return refuse(fmt::format("Invalid input: {}: expected KEY=VALUE", base::printable(word)));
    auto written = word.substr(0, equals);
    if (written.ends_with('+') || written.ends_with('-'))
      return refuse(fmt::format("Invalid input: {}: give the whole new value behind '='",
                                base::printable(word)));
    pairs.push_back({base::to_lower(written), written, word.substr(equals + 1)});
  }
  return pairs;
}

std::optional<KeyValue> take(std::vector<KeyValue>& pairs,
                             std::initializer_list<std::string_view> keys) {
  const auto found = std::ranges::find_if(
      pairs, [&](const KeyValue& pair) { return std::ranges::find(keys, pair.key) != keys.end(); });
  if (found == pairs.end()) return std::nullopt;
  auto pair = std::move(*found);
  pairs.erase(found);
  return pair;
}

/// "+30" and "-10" are minutes more or less than the job has.
Try<std::string> limit_for(const Api& api, const std::string& id, const std::string& text) {
  if (!text.starts_with('+') && !text.starts_with('-')) return text;
  const auto more = base::parse_time_limit(text.substr(1));
  const auto job = find_job(api, id);
  if (!job) return std::unexpected(job.error());
  if (!*job) return refuse("Invalid job id specified");
  if (!more || !*more || !(*job)->time_limit)
    return refuse(fmt::format("Invalid TimeLimit '{}': expected minutes, of a job with a limit",
                              base::printable(text)));
  const auto limit = *(*job)->time_limit + (text[0] == '+' ? **more : -**more);
  return base::to_clock_text(std::max(limit, base::Duration(std::chrono::seconds(1))));
}

Try<options::Given> option_of(const Api& api, const std::string& id, KeyValue pair) {
  if (pair.key == "requeue") {
    const bool is_on = pair.value == "1" || base::to_lower(pair.value) == "yes";
    return options::Given{static_cast<int>(is_on ? OptionId::requeue : OptionId::no_requeue), "",
                          pair.written};
  }
  const auto* const known = std::ranges::find(update_keys, pair.key, &UpdateKey::key);
  if (known == update_keys.end()) {
    std::vector<std::string_view> names;
    for (const auto& row : update_keys) names.push_back(row.key);
    const auto near = base::nearest(pair.key, names);
    return refuse(fmt::format("Update of this parameter is not supported: {}={}{}",
                              base::printable(pair.written), base::printable(pair.value),
                              near ? fmt::format("; did you mean {}?", *near) : ""));
  }
  if (known->option == OptionId::time) {
    auto limit = limit_for(api, id, pair.value);
    if (!limit) return std::unexpected(limit.error());
    pair.value = *std::move(limit);
  }
  if (known->option == OptionId::array_limit && pair.value == "0") pair.value.clear();
  return options::Given{static_cast<int>(known->option), pair.value, pair.written};
}

Try<void> update_job(const Api& api, const std::string& id, std::vector<KeyValue> pairs) {
  std::vector<options::Given> given;
  for (auto& pair : pairs) {
    auto option = option_of(api, id, std::move(pair));
    if (!option) return std::unexpected(option.error());
    given.push_back(*std::move(option));
  }
  if (given.empty()) return refuse("nothing to change; give what is to, such as TimeLimit=2:00:00");
  const auto change = request::make_change(given, loop::now());
  if (!change) return refuse(change.error());
  const auto body = wire::to_json(*change);
  if (!body) return refuse(body.error());
  const auto done = api.post(target(id, "update"), *body);
  if (!done) return std::unexpected(done.error());
  return {};
}

Outcome update_nodes(const Api& api, const std::string& names, std::vector<KeyValue> pairs) {
  auto nodes = model::expand_hosts(names);
  if (!nodes) return refuse(nodes.error());
  const auto state = take(pairs, {"state"});
  const auto reason = take(pairs, {"reason"});
  if (!state || !pairs.empty()) {
    return refuse(
        fmt::format("of a node State=DRAIN, State=RESUME and Reason= can change, not '{}'",
                    pairs.empty() ? std::string("nothing") : base::printable(pairs[0].written)));
  }
  const auto word = base::to_lower(state->value);
  model::NodeOrder order{.names = *std::move(nodes)};
  if (reason) order.reason = reason->value;
  const bool is_drain = word == "drain" || word == "down" || word == "fail";
  const bool is_resume = word == "resume" || word == "idle" || word == "undrain";
  if (!is_drain && !is_resume)
    return refuse(fmt::format("Invalid input: State={}: expected DRAIN or RESUME",
                              base::printable(state->value)));
  const auto done =
      api.post(is_drain ? "/v1/nodes/drain" : "/v1/nodes/resume", wire::to_json(order));
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

/// Each id by itself; goes on after a refusal.
Outcome for_each_id(std::span<const std::string> ids, const auto& act) {
  int exit_code = exit_done;
  for (const auto& id : ids) {
    const auto done = act(id);
    if (done) continue;
    if (done.error().exit_code != exit_refused) return std::unexpected(done.error());
    const auto text =
        done.error().is_missing ? std::string("Invalid job id specified") : done.error().text;
    print_error(fmt::format("{} for job {}\n", text, id));
    exit_code = exit_refused;
  }
  return exit_code;
}

/// "17,18" and "17 18" alike.
Try<std::vector<std::string>> ids_of(std::span<const std::string> words) {
  std::vector<std::string> ids;
  for (const auto& word : words) {
    const auto named = compat::named_jobs(word);
    if (!named) return refuse(named.error());
    for (const auto& job : *named) ids.push_back(to_text(job));
  }
  if (ids.empty()) return refuse("too few arguments: expected the ids of jobs");
  return ids;
}

}  // namespace

Outcome change_jobs(std::string_view command, std::span<const std::string> words) {
  const std::string_view action = command == "uhold"         ? "hold"
                                  : command == "requeuehold" ? "requeue?hold=true"
                                                             : command;
  const auto ids = ids_of(words);
  if (!ids) return std::unexpected(ids.error());
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  return for_each_id(*ids, [&](const std::string& id) -> Try<void> {
    const auto done = api->post(target(id, action), "{}");
    if (!done) return std::unexpected(done.error());
    return {};
  });
}

Outcome update_entity(std::span<const std::string> words) {
  auto pairs = read_pairs(words);
  if (!pairs) return std::unexpected(pairs.error());
  const auto job = take(*pairs, {"jobid", "job", "jobids"});
  const auto node = job ? std::nullopt : take(*pairs, {"nodename", "node"});
  if (!job && !node)
    return refuse("No valid entity in update command: expected JobId= or NodeName=");
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  if (node) return update_nodes(*api, node->value, *std::move(pairs));
  const auto ids = ids_of(std::span(&job->value, 1));
  if (!ids) return std::unexpected(ids.error());
  return for_each_id(*ids, [&](const std::string& id) { return update_job(*api, id, *pairs); });
}

Outcome write_script(std::span<const std::string> words) {
  if (words.size() < 2 || words.size() > 3 || words[0] != "batch_script")
    return refuse("expected: scontrol write batch_script ID [FILE|-]");
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto script = api->get(target(words[1], "script"));
  if (!script) return std::unexpected(script.error());
  const auto path = words.size() == 3 ? words[2] : fmt::format("slurm-{}.sh", words[1]);
  if (path == "-") {
    print(*script);
    return exit_done;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << *script;
  file.close();
  if (!file) return refuse(fmt::format("cannot write '{}'", base::printable(path)));
  print(fmt::format("batch script for job {} written to {}\n", words[1], path));
  return exit_done;
}

}  // namespace cli
