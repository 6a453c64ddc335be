// simulate: hands over to muster-simulate, which has the scheduler and its policies inside.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr std::array simulate_table{help_option};

Outcome simulate(const options::Parsed& line) {
  auto program = program_beside("muster-simulate");
  if (!program) return refuse(program.error());
  auto words = line.rest;
  std::vector<char*> arguments{program->data()};
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program->c_str(), arguments.data());
  return refuse(base::fail_errno(errno, fmt::format("cannot start '{}'", *program)).error());
}

}  // namespace

constinit const Verb simulate_verb{
    "simulate",
    "[OPTIONS] LOG\n[OPTIONS] --history",
    "Replay a log of jobs in virtual time, and compare policies.",
    "LOG is in the Standard Workload Format, or a CSV file of GPU jobs; either may be compressed "
    "by gzip. The jobs go through the scheduler and the policies of production; no cluster is "
    "needed. muster simulate --help lists the options.",
    [] { return std::span<const options::Option>(simulate_table); },
    options::Operands::all,
    simulate};

}  // namespace cli
