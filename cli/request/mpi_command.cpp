#include "cli/request/mpi_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace request {

namespace {

using Meaning = MpiOption::Meaning;
using base::Code;
using base::fail;

constexpr std::array starter_options = std::to_array<MpiOption>({
    {"n np c", "COUNT", Meaning::option, "--ntasks",
     "Number of ranks. Left out: as many as the job has tasks."},
    {"ppn N npernode perhost", "COUNT", Meaning::option, "--ntasks-per-node",
     "Ranks on each node."},
    {"d depth cpus-per-proc cpus-per-rank", "COUNT", Meaning::option, "--cpus-per-task",
     "Cores for each rank."},
    {"map-by", "WHAT", Meaning::map_by, "",
     "slot, core, numa, socket, node or ppr:COUNT:node, and with them the modifiers PE=COUNT and "
     "OVERSUBSCRIBE, such as socket:PE=4."},
    {"bind-to", "WHAT", Meaning::option, "--bind-to", "core, hwthread, numa, socket or none."},
    {"cpu-bind", "WHAT", Meaning::cpu_bind, "--cpu-bind",
     "depth, core, thread, numa, socket or none, and what muster run takes."},
    {"oversubscribe", "", Meaning::flag, "--overcommit",
     "Run more ranks than the job has cores for."},
    {"x", "NAME[=VALUE]", Meaning::variable, "",
     "Set an environment variable of the ranks. Those that are set here they have anyway."},
    {"env genv", "NAME VALUE", Meaning::variable, "", "The same; also as NAME=VALUE."},
    {"mca gmca", "NAME VALUE", Meaning::parameter, "",
     "Set a parameter of Open MPI: the variable OMPI_MCA_NAME of the ranks."},
    {"wdir wd", "DIR", Meaning::option, "--chdir", "Directory in which the ranks run."},
    {"l label prepend-rank tag-output", "", Meaning::flag, "--label",
     "Begin each line of output with the rank it comes from."},
    {"report-bindings display-map", "", Meaning::flag, "--report-bindings",
     "Print a line for each rank: its node, hardware threads and GPUs."},
    {"stdin", "WHO", Meaning::input, "", "Who reads standard input: 0 or none."},
    {"allow-run-as-root genvall envall nooversubscribe q quiet", "", Meaning::granted, "",
     "Are so without asking."},
    {"hostfile machinefile f", "FILE", Meaning::without_use, "",
     "Is not read: ranks start on the nodes of the job. A note says so."},
    {"launcher bootstrap rmk", "NAME", Meaning::without_use, "",
     "No other launcher is used. A note says so."},
    {"line-buffer v verbose", "", Meaning::without_use, "", "Do nothing. A note says so."},
    {"host hosts H", "NODES", Meaning::refused, "",
     "Is refused: ranks start on the nodes of the job; choose them with submit --nodelist."},
});

constexpr std::array<std::string_view, 9> starters{
    "mpirun",         "mpiexec",         "mpiexec.hydra", "orterun",      "prterun",
    "mpirun.openmpi", "mpiexec.openmpi", "mpirun.mpich",  "mpiexec.mpich"};

bool is_among(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != std::ranges::end(words);
}

/// The row of a word that begins with a dash, and the value that it has after '='.
struct Found {
  const MpiOption* option = nullptr;
  std::string_view word;
  std::string_view value;
  bool has_value = false;
};

base::Result<Found> find_option(std::string_view word) {
  auto name = word.substr(word.starts_with("--") ? 2 : 1);
  Found found{.word = word};
  if (const auto equals = name.find('='); equals != std::string_view::npos) {
    found.value = name.substr(equals + 1);
    found.has_value = true;
    name = name.substr(0, equals);
    found.word = word.substr(0, word.find('='));
  }
  std::vector<std::string_view> all;
  for (const auto& option : starter_options) {
    const auto names = base::split(option.names, ' ');
    if (is_among(name, names)) {
      found.option = &option;
      return found;
    }
    all.insert(all.end(), names.begin(), names.end());
  }
  const auto nearest = base::nearest(name, all);
  return fail(
      Code::invalid,
      fmt::format("nothing stands for the option '{}'{}; start the program with muster run, "
                  "or call another launcher by its full path",
                  base::printable(word),
                  nearest ? fmt::format(" (did you mean '-{}'?)", *nearest) : ""));
}

class StarterLine {
 public:
  explicit StarterLine(std::span<const std::string> words) : words_(words) {}

  base::Result<MpiCommand> read() {
    while (at_ < words_.size() && words_[at_].starts_with('-') && words_[at_].size() > 1) {
      const std::string_view word = words_[at_++];
      if (word == "--") break;
      auto found = find_option(word);
      if (!found) return std::unexpected(std::move(found).error());
      if (auto done = take(*found); !done) return std::unexpected(std::move(done).error());
    }
    const auto program = words_.subspan(at_);
    if (program.empty()) return fail(Code::invalid, "expected a program to run");
    if (is_among(":", program)) {
      return fail(Code::invalid,
                  "several programs parted by ':' are not started as one; each can have its own "
                  "muster run, or one script that looks at MUSTER_RANK");
    }
    command_.run.insert(command_.run.end(), program.begin(), program.end());
    return std::move(command_);
  }

 private:
  base::Result<void> take(const Found& found) {
    const auto& option = *found.option;
    if (option.placeholder.empty()) {
      if (found.has_value) {
        return fail(Code::invalid, fmt::format("{} takes no value, but has '{}'", found.word,
                                               base::printable(found.value)));
      }
      return take_flag(found);
    }
    std::string value(found.value);
    if (!found.has_value) {
      auto next = next_word(found, option.placeholder);
      if (!next) return std::unexpected(std::move(next).error());
      value = *std::move(next);
    }
    return take_value(found, value);
  }

  base::Result<void> take_flag(const Found& found) {
    if (found.option->meaning == Meaning::flag) {
      command_.run.emplace_back(found.option->target);
    } else if (found.option->meaning == Meaning::without_use) {
      note(found, "does nothing here");
    }
    return {};
  }

  base::Result<void> take_value(const Found& found, const std::string& value) {
    switch (found.option->meaning) {
      case Meaning::option:
        give(found.option->target, value == "package" ? "socket" : value);
        return {};
      case Meaning::map_by:
        return take_map_by(value);
      case Meaning::cpu_bind:
        give(found.option->target, cpu_bind(value));
        return {};
      case Meaning::input:
        return take_input(value);
      case Meaning::variable:
        return take_variable(found, value);
      case Meaning::parameter:
        return take_parameter(found, value);
      case Meaning::without_use:
        note(found, "is not used: ranks start on the nodes of the job, by its own launcher");
        return {};
      case Meaning::refused:
        return fail(
            Code::invalid,
            fmt::format("{} {}: ranks start on the nodes of the job; choose them with submit "
                        "--nodelist, or fewer with -N",
                        found.word, base::printable(value)));
      case Meaning::flag:
      case Meaning::granted:
        break;
    }
    base::check(false, "flags take no value");
    return {};
  }

  base::Result<std::string> next_word(const Found& found, std::string_view placeholder) {
    if (at_ < words_.size()) return words_[at_++];
    return fail(Code::invalid, fmt::format("{} needs a value: {}", found.word, placeholder));
  }

  void give(std::string_view option, std::string_view value) {
    command_.run.push_back(fmt::format("{}={}", option, value));
  }

  void note(const Found& found, std::string_view what) {
    command_.notes.push_back(fmt::format("{} {}", found.word, what));
  }

  base::Result<void> take_input(const std::string& value) {
    if (value == "none") command_.run.emplace_back("--no-stdin");
    if (value == "none" || value == "0") return {};
    return fail(Code::invalid, fmt::format("--stdin {}: only rank 0 can read standard input; "
                                           "expected 0 or none",
                                           base::printable(value)));
  }

  base::Result<void> take_variable(const Found& found, const std::string& value) {
    if (const auto equals = value.find('='); equals != std::string::npos) {
      command_.environment.emplace_back(value.substr(0, equals), value.substr(equals + 1));
      return {};
    }
    if (found.option->placeholder != "NAME VALUE") {
      command_.passed_on.push_back(value);
      return {};
    }
    auto second = next_word(found, found.option->placeholder);
    if (!second) return std::unexpected(std::move(second).error());
    command_.environment.emplace_back(value, *std::move(second));
    return {};
  }

  base::Result<void> take_parameter(const Found& found, const std::string& name) {
    auto value = next_word(found, found.option->placeholder);
    if (!value) return std::unexpected(std::move(value).error());
    command_.environment.emplace_back("OMPI_MCA_" + name, *std::move(value));
    return {};
  }

  static std::string_view cpu_bind(std::string_view value) {
    if (value == "depth" || value == "core") return "cores";
    if (value == "thread") return "threads";
    if (value == "numa") return "ldoms";
    if (value == "socket") return "sockets";
    return value;
  }

  base::Result<void> take_map_by(const std::string& value) {
    auto parts = base::split(value, ':');
    const auto wrong = [&value](std::string_view part) {
      return fail(Code::invalid,
                  fmt::format("--map-by {}: '{}' is not known here; expected slot, core, numa, "
                              "socket, node or ppr:COUNT:node, then :PE=COUNT or :OVERSUBSCRIBE",
                              base::printable(value), base::printable(part)));
    };
    std::size_t next = 1;
    const auto what = base::to_lower(parts[0]);
    if (what == "ppr") {
      if (parts.size() < 3 || base::to_lower(parts[2]) != "node") return wrong(parts[0]);
      give("--ntasks-per-node", parts[1]);
      next = 3;
    } else if (what == "core" || what == "numa" || what == "socket" || what == "package" ||
               what == "node") {
      give("--map-by", what == "package" ? "socket" : what);
    } else if (what != "slot" && !what.empty()) {
      return wrong(parts[0]);
    }
    for (; next < parts.size(); ++next) {
      const auto modifier = base::to_lower(parts[next]);
      if (modifier.starts_with("pe=")) {
        give("--cpus-per-task", std::string_view(modifier).substr(3));
      } else if (modifier == "oversubscribe") {
        command_.run.emplace_back("--overcommit");
      } else if (modifier != "nooversubscribe") {
        return wrong(parts[next]);
      }
    }
    return {};
  }

  std::span<const std::string> words_;
  std::size_t at_ = 0;
  MpiCommand command_;
};

}  // namespace

std::span<const MpiOption> mpi_options() {
  return starter_options;
}

bool is_mpi_starter(std::string_view name) {
  return is_among(name, starters);
}

base::Result<MpiCommand> read_mpi_command(std::span<const std::string> words) {
  return StarterLine(words).read();
}

}  // namespace request
