// config: checks a configuration file, or prints one with every key.

#include <fmt/format.h>

#include <array>

#include "cli/terminal.h"
#include "cli/verb.h"
#include "conf/config.h"
#include "conf/document.h"
#include "lib/base/text.h"

namespace cli {

namespace {

constexpr std::array table{help_option};

Outcome check(const std::string& path) {
  const auto config = conf::read_file(path);
  if (!config) return refuse(config.error());
  print(fmt::format("{}: fine: cluster '{}', {}\n", path, config->cluster.name,
                    base::plural(static_cast<std::int64_t>(config->pools.size()), "pool")));
  return exit_done;
}

Outcome config(const options::Parsed& line) {
  const auto& words = line.rest;
  if (words.size() == 2 && words[0] == "check") return check(words[1]);
  if (words.size() == 1 && words[0] == "sample") {
    print(conf::sample_text());
    return exit_done;
  }
  return misuse("expected 'check FILE' or 'sample'");
}

}  // namespace

constinit const Verb config_verb{
    "config",
    "check FILE\nsample",
    "Check a configuration file, or print a sample.",
    "All mistakes of the file are reported, each with its line. The sample has every key, with its "
    "meaning and default; see muster.toml(5).",
    [] { return std::span<const options::Option>(table); },
    options::Operands::anywhere,
    config};

}  // namespace cli
