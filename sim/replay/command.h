#pragma once
// The command line of muster-simulate.

#include <span>
#include <string>
#include <vector>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "scheduler/policy/policy.h"
#include "sim/replay/log.h"
#include "sim/replay/run.h"

namespace replay {

struct Candidate {
  std::string name;
  policy::Options options;
};

struct Command {
  std::string log;
  Reading reading;
  std::vector<Candidate> candidates;  // at least one, with different names
  std::string backfill = "easy";      // as it was written
  Options options;
  std::string schedule;  // where to; empty: nowhere
  std::string chart;
  bool json = false;
  bool help = false;  // then nothing else counts
};

std::span<const options::Option> command_table();

/// errors: invalid, with what was expected
base::Result<Command> parse_command(std::span<const std::string> words);

/// "muster simulate --help".
std::string command_help();

/// How the jobs are replayed: "backfill easy, requested times, event order batch".
std::string settings_text(const Command& command);

}  // namespace replay
