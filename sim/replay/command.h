#pragma once
// The command line of muster-simulate.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "scheduler/policy/policy.h"
#include "sim/replay/log.h"
#include "sim/replay/run.h"
#include "sim/replay/tuning.h"

namespace replay {

struct Candidate {
  std::string name;
  policy::Options options;
};

/// What the command line says of policies; what is absent is as configured.
struct Choice {
  std::vector<std::string> orders;  // names of orders, each once
  std::optional<std::size_t> depth;
  std::optional<policy::BackfillOrder> backfill_order;
};

struct Command {
  std::string log;
  bool history = false;  // of a cluster, instead of a log
  std::string dir;       // of that cluster; empty: the usual one
  Reading reading;
  Choice choice;
  std::string config;                 // empty: none
  std::vector<std::string> changes;   // of the configuration: "scheduler.order=fcfs"
  std::vector<Candidate> candidates;  // one at least once it is tuned; with different names
  Options options;
  std::string schedule;  // where to; empty: nowhere
  std::string chart;
  bool json = false;
  bool help = false;  // then nothing else counts
};

std::span<const options::Option> command_table();

/// errors: invalid, with what was expected
base::Result<Command> parse_command(std::span<const std::string> words);

/// Puts the configuration below what the command line says. Without one (no --config and no --set)
/// it is that of a Tuning: fcfs, EASY.
void tune(Command& command, const Tuning& tuning);

/// "muster simulate --help".
std::string command_help();

/// How the jobs of a tuned command are replayed: "backfill easy, requested times, event order
/// batch", then the configuration.
std::string settings_text(const Command& command);

}  // namespace replay
