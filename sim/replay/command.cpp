#include "sim/replay/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"

namespace replay {

namespace {

enum OptionId {
  machine_id,
  history_id,
  dir_id,
  config_id,
  set_id,
  filter_id,
  policy_id,
  backfill_id,
  backfill_order_id,
  estimates_id,
  event_order_id,
  checkpoint_id,
  restart_cost_id,
  schedule_id,
  chart_id,
  json_id,
  skip_bad_id,
  help_id,
};

constexpr std::size_t help_width = 80;
constexpr base::Duration least_interval = std::chrono::seconds(1);
constexpr base::Duration longest_saving = std::chrono::days(1000);

constexpr std::array<options::Option, 18> table{{
    {machine_id, "machine", 0, "P",
     "Processors of the machine, or NODESxP for several nodes. Left out: what the log's header "
     "says; 8x8 for GPU traces."},
    {history_id, "history", 0, "",
     "Replay the ended jobs of a cluster instead of a LOG, as its muster.toml says."},
    {dir_id, "dir", 0, "DIR",
     "The state directory of that cluster. Left out: MUSTER_DIR, or ~/.local/state/muster."},
    {config_id, "config", 0, "FILE",
     "The muster.toml whose order, reservations, weights, classes, workspaces and quotas the "
     "replay has."},
    {set_id, "set", 0, "KEY=VALUE",
     "Change a key of the configuration, such as scheduler.fair_share=0; without --config, of its "
     "defaults. May be repeated."},
    {filter_id, "filter", 0, "NAME",
     "Which jobs count. strong: those with a size that fits, a run time and a requested time. "
     "none: "
     "all; without a requested time it is the run time. Left out: strong."},
    {policy_id, "policy", 0, "NAMES",
     "Who comes first: fcfs, sjf, lxf, wfp3, predicted, served. Several, in a list or by repeating "
     "the "
     "option, are "
     "compared. Left out: scheduler.order of the configuration; without one, fcfs."},
    {backfill_id, "backfill", 0, "DEPTH",
     "How many waiting jobs have a reservation that others must not delay (under predicted, those "
     "that are overdue): none, easy (1), "
     "conservative (all), or a number. Left out: as configured, or easy."},
    {backfill_order_id, "backfill-order", 0, "NAME",
     "Which jobs are tried first in the gaps: queue, or sjf, the shortest. Left out: as "
     "configured, or queue."},
    {estimates_id, "estimates", 0, "NAME",
     "What policies are told of run times: requested, actual, predicted by the jobs before, or "
     "none. Left out: requested."},
    {event_order_id, "event-order", 0, "NAME",
     "What happens first at one moment: batch, as in production, or pyss, as in the simulator of "
     "that name. Left out: batch."},
    {checkpoint_id, "checkpoint", 0, "WHEN",
     "How jobs save their work. none: not at all; always: at once when they are preempted; or each "
     "time after so long, such as 30m. Left out: none."},
    {restart_cost_id, "restart-cost", 0, "TIME",
     "What a job that was preempted needs before it goes on, such as 2m. Left out: 0s."},
    {schedule_id, "schedule", 0, "FILE", "Write the schedule of the one policy as a log in SWF."},
    {chart_id, "chart", 0, "FILE", "Draw utilization and queue over time as SVG."},
    {json_id, "json", 0, "", "Print JSON for programs."},
    {skip_bad_id, "skip-bad", 0, "", "Go on after lines that make no sense, and count them."},
    {help_id, "help", 'h', "", "Print these options."},
}};

/// A word of an option and what it stands for.
template <class T>
struct Word {
  std::string_view text;
  T value;
};

constexpr std::array filters{Word<Filter>{"strong", Filter::strong},
                             Word<Filter>{"none", Filter::none}};
constexpr std::array backfill_orders{
    Word<policy::BackfillOrder>{"queue", policy::BackfillOrder::queue},
    Word<policy::BackfillOrder>{"sjf", policy::BackfillOrder::sjf}};
constexpr std::array estimates{Word<Estimates>{"requested", Estimates::requested},
                               Word<Estimates>{"actual", Estimates::actual},
                               Word<Estimates>{"predicted", Estimates::predicted},
                               Word<Estimates>{"none", Estimates::none}};
constexpr std::array event_orders{Word<EventOrder>{"batch", EventOrder::batch},
                                  Word<EventOrder>{"pyss", EventOrder::pyss}};

std::unexpected<base::Error> unexpected_value(const options::Given& given,
                                              std::string_view expected) {
  return base::fail(base::Code::invalid, fmt::format("{}: expected {}, found '{}'", given.written,
                                                     expected, base::printable(given.value)));
}

/// Sets `into` where the option was given.
template <class T, std::size_t n>
base::Result<void> choose(const options::Parsed& line, int id, const std::array<Word<T>, n>& words,
                          T& into) {
  const auto* given = options::find(line, id);
  if (given == nullptr) return {};
  std::string expected;
  for (std::size_t i = 0; i < n; ++i) {
    if (words[i].text == given->value) {
      into = words[i].value;
      return {};
    }
    if (i > 0) expected += i + 1 == n ? " or " : ", ";
    expected += words[i].text;
  }
  return unexpected_value(*given, expected);
}

base::Result<std::size_t> depth_of(const options::Given& given) {
  if (given.value == "none") return 0;
  if (given.value == "easy") return 1;
  if (given.value == "conservative") return policy::Options::unlimited;
  const auto number = base::parse_int(given.value, 0, largest_machine);
  if (!number) return unexpected_value(given, "none, easy, conservative or a number of jobs");
  return static_cast<std::size_t>(*number);
}

std::string depth_text(std::size_t depth) {
  switch (depth) {
    case 0:
      return "none";
    case 1:
      return "easy";
    case policy::Options::unlimited:
      return "conservative";
    default:
      return fmt::format("{}", depth);
  }
}

/// The names of all --policy.
base::Result<void> set_orders(const options::Parsed& line, Choice& choice) {
  for (const auto& given : line.given) {
    if (given.id != policy_id) continue;
    for (const auto name : base::split(given.value, ',')) {
      if (!policy::order_from_text(name)) {
        return unexpected_value({given.id, std::string(name), given.written},
                                "fcfs, sjf, lxf, wfp3, predicted or served");
      }
      if (std::ranges::find(choice.orders, name) != choice.orders.end()) {
        return base::fail(base::Code::invalid,
                          fmt::format("{}: '{}' is named twice", given.written, name));
      }
      choice.orders.emplace_back(name);
    }
  }
  return {};
}

base::Result<void> set_policies(const options::Parsed& line, Choice& choice) {
  if (const auto* given = options::find(line, backfill_id)) {
    const auto depth = depth_of(*given);
    if (!depth) return std::unexpected(depth.error());
    choice.depth = *depth;
  }
  if (options::has(line, backfill_order_id)) {
    auto& order = choice.backfill_order.emplace();
    if (auto set = choose(line, backfill_order_id, backfill_orders, order); !set) return set;
  }
  return set_orders(line, choice);
}

base::Result<void> set_config(const options::Parsed& line, Command& command) {
  if (const auto* given = options::find(line, config_id)) {
    if (given->value.empty()) return unexpected_value(*given, "the name of a file");
    command.config = given->value;
  }
  for (const auto& given : line.given) {
    if (given.id != set_id) continue;
    if (auto may = check_change(given.value); !may) {
      return std::unexpected(may.error().in(given.written));
    }
    command.changes.push_back(given.value);
  }
  return {};
}

base::Result<void> set_saving(const options::Parsed& line, Saving& saving) {
  if (const auto* given = options::find(line, checkpoint_id)) {
    const auto interval = base::parse_duration(given->value);
    if (given->value == "always") {
      saving.checkpoints = Checkpoints::always;
    } else if (given->value != "none") {
      if (!interval || *interval < least_interval || *interval > longest_saving)
        return unexpected_value(*given, "none, always or a time from 1s to 1000d such as 30m");
      saving = {.checkpoints = Checkpoints::periodic, .interval = *interval};
    }
  }
  if (const auto* given = options::find(line, restart_cost_id)) {
    const auto cost = base::parse_duration(given->value);
    if (!cost || *cost < base::Duration() || *cost > longest_saving)
      return unexpected_value(*given, "a time from 0s to 1000d such as 2m");
    saving.restart_cost = *cost;
  }
  return {};
}

/// ", checkpoint 30m, restart cost 2m"; empty where nothing is saved and nothing is paid.
std::string saving_text(const Saving& saving) {
  std::string text;
  if (saving.checkpoints == Checkpoints::always) text += ", checkpoint always";
  if (saving.checkpoints == Checkpoints::periodic)
    text += ", checkpoint " + base::to_text(saving.interval);
  if (saving.restart_cost > base::Duration())
    text += ", restart cost " + base::to_text(saving.restart_cost);
  return text;
}

base::Result<void> choose_all(const options::Parsed& line, Command& command) {
  if (auto set = choose(line, filter_id, filters, command.reading.filter); !set) return set;
  if (auto set = choose(line, estimates_id, estimates, command.options.estimates); !set) return set;
  if (auto set = choose(line, event_order_id, event_orders, command.options.event_order); !set) {
    return set;
  }
  if (auto set = set_saving(line, command.options.saving); !set) return set;
  if (auto set = set_config(line, command); !set) return set;
  return set_policies(line, command.choice);
}

base::Result<void> set_outputs(const options::Parsed& line, Command& command) {
  for (const auto& [id, path] :
       {std::pair(schedule_id, &command.schedule), std::pair(chart_id, &command.chart)}) {
    const auto* given = options::find(line, id);
    if (given == nullptr) continue;
    if (given->value.empty()) return unexpected_value(*given, "the name of a file");
    *path = given->value;
  }
  if (!command.schedule.empty() && command.choice.orders.size() > 1) {
    return base::fail(
        base::Code::invalid,
        fmt::format("--schedule: expected one --policy, found {}", command.choice.orders.size()));
  }
  return {};
}

base::Result<void> set_log(const options::Parsed& line, Command& command) {
  command.history = options::has(line, history_id);
  if (const auto* given = options::find(line, dir_id)) {
    if (given->value.empty()) return unexpected_value(*given, "a directory");
    if (!command.history) {
      return base::fail(base::Code::invalid, "--dir: expected --history with it");
    }
    command.dir = given->value;
  }
  if (command.history) {
    if (line.rest.empty()) return {};
    return base::fail(
        base::Code::invalid,
        fmt::format("expected no LOG beside --history, found '{}'", base::printable(line.rest[0])));
  }
  if (line.rest.empty())
    return base::fail(base::Code::invalid, "expected a LOG to replay, or --history");
  if (line.rest.size() > 1) {
    return base::fail(base::Code::invalid, fmt::format("expected one LOG, found also '{}'",
                                                       base::printable(line.rest[1])));
  }
  command.log = line.rest.front();
  return {};
}

}  // namespace

std::span<const options::Option> command_table() {
  return table;
}

base::Result<Command> parse_command(std::span<const std::string> words) {
  const auto line = options::parse(table, words, options::Operands::anywhere);
  if (!line) return std::unexpected(line.error());
  Command command;
  command.help = options::has(*line, help_id);
  if (command.help) return command;
  if (auto set = set_log(*line, command); !set) return std::unexpected(set.error());
  if (auto set = choose_all(*line, command); !set) return std::unexpected(set.error());
  if (const auto* given = options::find(*line, machine_id)) {
    const auto machine = parse_machine(given->value);
    if (!machine) return std::unexpected(machine.error().in(given->written));
    command.reading.machine = *machine;
  }
  command.json = options::has(*line, json_id);
  command.reading.skip_bad = options::has(*line, skip_bad_id);
  if (auto set = set_outputs(*line, command); !set) return std::unexpected(set.error());
  return command;
}

std::string command_help() {
  return "usage: muster simulate [OPTIONS] LOG\n       muster simulate [OPTIONS] --history\n\n" +
         options::wrap(
             "Replay a log of jobs in virtual time, with the scheduler and the policies "
             "that production has, and print how long the jobs waited.",
             0, help_width) +
         "\n" +
         options::wrap(
             "LOG is in the Standard Workload Format, or a CSV file of GPU jobs; either "
             "may be compressed by gzip. See muster-simulate(1).",
             0, help_width) +
         "\nOptions:\n" + options::help_text(table, help_width);
}

void tune(Command& command, const Tuning& tuning) {
  const auto& choice = command.choice;
  auto common = tuning.policy;
  common.depth = choice.depth.value_or(common.depth);
  common.backfill_order = choice.backfill_order.value_or(common.backfill_order);
  auto orders = choice.orders;
  if (orders.empty()) orders.push_back(tuning.order);
  for (auto& name : orders) {
    common.order = *policy::order_from_text(name);
    command.candidates.push_back({std::move(name), common});
  }
  command.options.settings = tuning.settings;
}

std::string settings_text(const Command& command) {
  const auto& policy = command.candidates.front().options;
  const bool by_length = policy.depth > 0 && policy.backfill_order == policy::BackfillOrder::sjf;
  auto text = fmt::format("backfill {}{}, {} times, event order {}", depth_text(policy.depth),
                          by_length ? " shortest first" : "", to_text(command.options.estimates),
                          command.options.event_order == EventOrder::batch ? "batch" : "pyss");
  text += saving_text(command.options.saving);
  if (!command.config.empty()) text += ", configuration " + command.config;
  for (const auto& change : command.changes) text += ", " + change;
  return text;
}

}  // namespace replay
