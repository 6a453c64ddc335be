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
  filter_id,
  policy_id,
  backfill_id,
  backfill_order_id,
  estimates_id,
  event_order_id,
  schedule_id,
  chart_id,
  json_id,
  skip_bad_id,
  help_id,
};

constexpr std::size_t help_width = 80;

constexpr std::array<options::Option, 12> table{{
    {machine_id, "machine", 0, "P",
     "Processors of the machine, or NODESxP for several nodes. Left out: what the log's header "
     "says; 8x8 for GPU traces."},
    {filter_id, "filter", 0, "NAME",
     "Which jobs count. strong: those with a size that fits, a run time and a requested time. "
     "none: "
     "all; without a requested time it is the run time. Left out: strong."},
    {policy_id, "policy", 0, "NAMES",
     "Who comes first: fcfs, sjf, lxf, wfp3, predicted. Several, in a list or by repeating the "
     "option, are "
     "compared. Left out: fcfs."},
    {backfill_id, "backfill", 0, "DEPTH",
     "How many waiting jobs have a reservation that others must not delay (under predicted, those "
     "that are overdue): none, easy (1), "
     "conservative (all), or a number. Left out: easy."},
    {backfill_order_id, "backfill-order", 0, "NAME",
     "Which jobs are tried first in the gaps: queue, or sjf, the shortest. Left out: queue."},
    {estimates_id, "estimates", 0, "NAME",
     "What policies are told of run times: requested, or actual. Left out: requested."},
    {event_order_id, "event-order", 0, "NAME",
     "What happens first at one moment: batch, as in production, or pyss, as in the simulator of "
     "that name. Left out: batch."},
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
                               Word<Estimates>{"actual", Estimates::actual}};
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
  for (const auto& [text, value] : words) {
    if (text == given->value) {
      into = value;
      return {};
    }
    expected += fmt::format("{}{}", expected.empty() ? "" : " or ", text);
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

/// The names of all --policy, with `common` otherwise.
base::Result<std::vector<Candidate>> candidates_of(const options::Parsed& line,
                                                   const policy::Options& common) {
  std::vector<Candidate> candidates;
  for (const auto& given : line.given) {
    if (given.id != policy_id) continue;
    for (const auto name : base::split(given.value, ',')) {
      const auto order = policy::order_from_text(name);
      if (!order) {
        return unexpected_value({given.id, std::string(name), given.written},
                                "fcfs, sjf, lxf, wfp3 or predicted");
      }
      if (std::ranges::find(candidates, name, &Candidate::name) != candidates.end()) {
        return base::fail(base::Code::invalid,
                          fmt::format("{}: '{}' is named twice", given.written, name));
      }
      candidates.push_back({std::string(name), common});
      candidates.back().options.order = *order;
    }
  }
  if (candidates.empty()) candidates.push_back({"fcfs", common});
  return candidates;
}

base::Result<void> choose_all(const options::Parsed& line, Command& command,
                              policy::Options& common) {
  if (auto set = choose(line, filter_id, filters, command.reading.filter); !set) return set;
  if (auto set = choose(line, backfill_order_id, backfill_orders, common.backfill_order); !set) {
    return set;
  }
  if (auto set = choose(line, estimates_id, estimates, command.options.estimates); !set) return set;
  return choose(line, event_order_id, event_orders, command.options.event_order);
}

base::Result<void> set_outputs(const options::Parsed& line, Command& command) {
  for (const auto& [id, path] :
       {std::pair(schedule_id, &command.schedule), std::pair(chart_id, &command.chart)}) {
    const auto* given = options::find(line, id);
    if (given == nullptr) continue;
    if (given->value.empty()) return unexpected_value(*given, "the name of a file");
    *path = given->value;
  }
  if (!command.schedule.empty() && command.candidates.size() > 1) {
    return base::fail(
        base::Code::invalid,
        fmt::format("--schedule: expected one --policy, found {}", command.candidates.size()));
  }
  return {};
}

base::Result<void> set_log(const options::Parsed& line, Command& command) {
  if (line.rest.empty()) return base::fail(base::Code::invalid, "expected a LOG to replay");
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
  policy::Options common;
  if (auto set = choose_all(*line, command, common); !set) return std::unexpected(set.error());
  if (const auto* given = options::find(*line, backfill_id)) {
    const auto depth = depth_of(*given);
    if (!depth) return std::unexpected(depth.error());
    common.depth = *depth;
    command.backfill = given->value;
  }
  if (const auto* given = options::find(*line, machine_id)) {
    const auto machine = parse_machine(given->value);
    if (!machine) return std::unexpected(machine.error().in(given->written));
    command.reading.machine = *machine;
  }
  auto candidates = candidates_of(*line, common);
  if (!candidates) return std::unexpected(candidates.error());
  command.candidates = std::move(*candidates);
  command.json = options::has(*line, json_id);
  command.reading.skip_bad = options::has(*line, skip_bad_id);
  if (auto set = set_outputs(*line, command); !set) return std::unexpected(set.error());
  return command;
}

std::string command_help() {
  return "usage: muster simulate [OPTIONS] LOG\n\n" +
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

std::string settings_text(const Command& command) {
  const bool by_length =
      command.candidates.front().options.backfill_order == policy::BackfillOrder::sjf;
  const bool has_backfill = command.candidates.front().options.depth > 0;
  return fmt::format("backfill {}{}, {} times, event order {}", command.backfill,
                     has_backfill && by_length ? " shortest first" : "",
                     command.options.estimates == Estimates::requested ? "requested" : "actual",
                     command.options.event_order == EventOrder::batch ? "batch" : "pyss");
}

}  // namespace replay
