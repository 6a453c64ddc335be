// muster-authority: muster init and muster node (man 1 muster-node). A program of its own, so that
// muster starts without OpenSSL.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authority/commands.h"

namespace {

using authority::Outcome;
using authority::Words;

constexpr int exit_done = 0;
constexpr int exit_refused = 1;
constexpr int exit_usage = 2;
constexpr std::size_t help_width = 80;

struct Command {
  std::string_view name;
  Outcome (*run)(const Words& words);
};

constexpr std::array commands{
    Command{"init", authority::init},          Command{"node add", authority::add},
    Command{"node remove", authority::remove}, Command{"node list", authority::list},
    Command{"node join", authority::join},
};

constexpr std::string_view usage =
    "usage: muster init [--dir DIR] [--name NAME] [--listen HOST:PORT]\n"
    "       muster node add [--dir DIR] [--pool NAME] [--life TIME] [--within TIME]\n"
    "                       [--address HOST:PORT] NAME\n"
    "       muster node remove [--dir DIR] NAME\n"
    "       muster node list [--dir DIR]\n"
    "       muster node join [--dir DIR] TOKEN\n"
    "       muster node evict [--dir DIR] [--notice TIME] NAME\n"
    "\n"
    "Clusters of machines: see muster-node(1).\n";

int complain(std::string_view who, std::string_view why, int code) {
  fmt::print(stderr, "muster {}: {}\n", who, why);
  return code;
}

int run(std::span<const std::string> given) {
  std::string name = given[1];
  std::size_t n_words = 2;
  if (name == "node" && given.size() > n_words) name += " " + given[n_words++];
  const auto line =
      options::parse(authority::table(), given.subspan(n_words), options::Operands::anywhere);
  if (name == "node --help" || name == "node -h" ||
      (line && options::has(*line, authority::help_id))) {
    fmt::print("{}\nOptions:\n{}", usage, options::help_text(authority::table(), help_width));
    return exit_done;
  }
  const auto* command = std::ranges::find(commands, name, &Command::name);
  if (command == commands.end()) {
    return complain("node", "expected add, remove, list or join (see --help)", exit_usage);
  }
  if (!line) return complain(name, line.error().text, exit_usage);
  const auto outcome = command->run({.state_dir = given[0], .line = *line});
  if (!outcome) {
    const bool is_usage = outcome.error().code == base::Code::invalid;
    return complain(name, outcome.error().text, is_usage ? exit_usage : exit_refused);
  }
  fmt::print("{}", *outcome);
  return std::fflush(stdout) == 0 ? exit_done : exit_refused;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.size() < 2) {
    fmt::print(stderr, "usage: muster-authority STATE_DIR init|node ...; see muster-node(1)\n");
    return exit_usage;
  }
  try {
    return run(words);
  } catch (const std::exception& error) {
    return complain(words[1], error.what(), exit_refused);
  }
}
