#include "cli/request/srun_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace request {

namespace {

using Meaning = SrunOption::Meaning;
using Value = SrunOption::Value;
using base::Code;
using base::fail;

/// An option as it was said: "--ntasks", "-n", "SLURM_LABELIO".
struct Said {
  const SrunOption* option = nullptr;
  std::string written;
  std::string value;
  bool has_value = false;
};

std::string_view first_name(const SrunOption& option) {
  return option.names.substr(0, option.names.find(' '));
}

/// By its name, or an unambiguous beginning of it.
base::Result<const SrunOption*> by_name(std::string_view name) {
  const SrunOption* found = nullptr;
  std::vector<std::string_view> fitting;
  std::vector<std::string_view> all;
  for (const auto& option : srun_options()) {
    for (const auto one : base::split(option.names, ' ')) {
      if (one == name) return &option;
      all.push_back(one);
      if (!one.starts_with(name)) continue;
      if (found != &option) fitting.push_back(one);
      found = &option;
    }
  }
  if (fitting.size() == 1) return found;
  if (fitting.size() > 1) {
    return fail(Code::invalid, fmt::format("'--{}' may mean --{} or --{}; write it out",
                                           base::printable(name), fitting[0], fitting[1]));
  }
  const auto nearest = base::nearest(name, all);
  return fail(Code::invalid,
              fmt::format("unrecognized option '--{}'{}", base::printable(name),
                          nearest ? fmt::format("; did you mean '--{}'?", *nearest) : ""));
}

base::Result<const SrunOption*> by_letter(char letter) {
  const auto options = srun_options();
  const auto found = std::ranges::find(options, letter, &SrunOption::letter);
  if (found != options.end()) return &*found;
  return fail(Code::invalid,
              fmt::format("invalid option -- '{}'", base::printable(std::string(1, letter))));
}

/// The words up to the program as options, by the rules of getopt_long.
class Words {
 public:
  explicit Words(std::span<const std::string> words) : words_(words) {}

  base::Result<std::vector<Said>> options() {
    std::vector<Said> said;
    while (at_ < words_.size() && words_[at_].starts_with('-') && words_[at_].size() > 1) {
      const std::string& word = words_[at_++];
      if (word == "--") break;
      auto read = word.starts_with("--") ? read_long(word, said) : read_letters(word, said);
      if (!read) return std::unexpected(std::move(read).error());
    }
    return said;
  }
  std::span<const std::string> rest() const { return words_.subspan(at_); }

 private:
  base::Result<void> read_long(const std::string& word, std::vector<Said>& said) {
    const auto equals = word.find('=');
    const auto option = by_name(std::string_view(word).substr(2, equals - 2));
    if (!option) return std::unexpected(option.error());
    Said one{.option = *option, .written = "--" + std::string(first_name(**option)), .value = {}};
    if (equals != std::string::npos) {
      if ((*option)->value == Value::none)
        return fail(Code::invalid, fmt::format("option '{}' takes no value", one.written));
      one.value = word.substr(equals + 1);
      one.has_value = true;
    }
    return finish(std::move(one), said);
  }

  base::Result<void> read_letters(const std::string& word, std::vector<Said>& said) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto option = by_letter(word[i]);
      if (!option) return std::unexpected(option.error());
      Said one{.option = *option, .written = std::string("-") + word[i], .value = {}};
      const bool takes_rest = (*option)->value != Value::none && i + 1 < word.size();
      if (takes_rest) {
        one.value = word.substr(i + 1);
        one.has_value = true;
        i = word.size();
      }
      if (auto done = finish(std::move(one), said); !done) return done;
    }
    return {};
  }

  base::Result<void> finish(Said one, std::vector<Said>& said) {
    if (one.option->value == Value::needed && !one.has_value) {
      if (at_ >= words_.size())
        return fail(Code::invalid, fmt::format("option '{}' requires a value", one.written));
      one.value = words_[at_++];
      one.has_value = true;
    }
    said.push_back(std::move(one));
    return {};
  }

  std::span<const std::string> words_;
  std::size_t at_ = 0;
};

/// Words of a list that say nothing of where, such as "verbose".
std::string without_manners(std::string_view list, bool& is_verbose) {
  for (;;) {
    const auto comma = list.find(',');
    const auto word = list.substr(0, comma);
    const bool is_loud = word == "verbose" || word == "v";
    if (!is_loud && word != "quiet" && word != "q") return std::string(list);
    is_verbose |= is_loud;
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

/// What `word` is called by muster run.
std::string renamed(std::string_view word,
                    std::span<const std::pair<std::string_view, std::string_view>> names) {
  const auto found = std::ranges::find(names, word, [](const auto& pair) { return pair.first; });
  return std::string(found == names.end() ? word : found->second);
}

constexpr auto cpu_words =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"no", "none"},
                                                                  {"rank", "cores"},
                                                                  {"core", "cores"},
                                                                  {"thread", "threads"},
                                                                  {"socket", "sockets"},
                                                                  {"board", "sockets"},
                                                                  {"boards", "sockets"},
                                                                  {"ldom", "ldoms"},
                                                                  {"rank_ldom", "ldoms"}});
constexpr auto memory_words = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"no", "none"}, {"rank", "local"}, {"p", "prefer"}});

/// Of "gpu:h100:2,nvme:1": 2. 0: none.
base::Result<int> gpus_in(const Said& said) {
  int gpus = 0;
  for (auto part : base::split(said.value, ',')) {
    const bool is_resource = said.option->names == "gres";
    if (part == "none") continue;
    if (is_resource) {
      if (part != "gpu" && !part.starts_with("gpu:") && !part.starts_with("gpu=")) continue;
      part.remove_prefix(std::min(part.size(), std::size_t{4}));
    }
    part = part.substr(0, part.find('('));
    const auto number = part.substr(part.rfind(':') + 1);
    const auto count = base::parse_int(number, 0, 1'000'000);
    const bool has_none = is_resource && !number.empty() && !count;  // "gpu:h100" is one
    if (!count && !has_none && !part.empty())
      return fail(Code::invalid, fmt::format("{}: expected a number of GPUs, found '{}'",
                                             said.written, base::printable(said.value)));
    gpus += static_cast<int>(count.value_or(1));
  }
  return gpus;
}

class SrunLine {
 public:
  explicit SrunLine(const model::Environment& environment) : environment_(environment) {}

  base::Result<SrunCommand> read(std::span<const std::string> words) {
    if (auto taken = take_variables(); !taken) return std::unexpected(std::move(taken).error());
    Words line(words);
    const auto said = line.options();
    if (!said) return std::unexpected(said.error());
    for (const auto& one : *said) {
      if (auto taken = take(one); !taken) return std::unexpected(std::move(taken).error());
    }
    if (command_.lists_mpi) return std::move(command_);
    const auto program = line.rest();
    if (program.empty()) return fail(Code::invalid, "no command given to execute");
    if (std::ranges::find(program, ":") != program.end()) {
      return fail(Code::invalid,
                  "components of a step, parted by ':', are not started as one; give each its own "
                  "srun, or name the programs in a file (--multi-prog)");
    }
    if (is_multi_prog_ && program.size() > 1) {
      return fail(Code::invalid, fmt::format("--multi-prog takes a file and nothing behind it, "
                                             "found '{}'",
                                             base::printable(program[1])));
    }
    if (auto ready = conclude(); !ready) return std::unexpected(std::move(ready).error());
    if (is_multi_prog_) command_.programs_file = program.front();
    const auto rest = program.subspan(is_multi_prog_ ? 1 : 0);
    command_.run.emplace_back("--");
    command_.run.insert(command_.run.end(), rest.begin(), rest.end());
    return std::move(command_);
  }

 private:
  std::string variable(const char* name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::string() : found->second;
  }

  /// A rank has variables of its own step, which are none for the steps that it starts.
  base::Result<void> take_variables() {
    if (!variable("MUSTER_STEP_ID").empty()) return {};
    for (const auto& option : srun_options()) {
      if (option.variable.empty()) continue;
      const auto found = environment_.find(std::string(option.variable));
      if (found == environment_.end() || found->second.empty()) continue;
      const bool is_off = option.value == Value::none && found->second == "0";
      if (is_off) continue;
      Said said{&option, std::string(option.variable), found->second, true};
      if (auto taken = take(said); !taken) return taken;
    }
    const auto changed = [this](const char* theirs, const char* ours) {
      const auto value = variable(theirs);
      return value != variable(ours) ? value : std::string();
    };
    if (const auto tasks = changed("SLURM_NTASKS", "MUSTER_NTASKS"); !tasks.empty())
      values_["--ntasks"] = tasks;
    return {};
  }

  base::Result<void> take(const Said& said) {
    switch (said.option->meaning) {
      case Meaning::option:
        values_[said.option->target] = said.value;
        return {};
      case Meaning::flag:
        flags_.emplace_back(said.option->target);
        return {};
      case Meaning::nodes:
      case Meaning::cpus:
      case Meaning::exact:
      case Meaning::overlap:
      case Meaning::overcommit:
      case Meaning::exclude:
      case Meaning::relative:
        return take_size(said);
      case Meaning::cpu_bind:
      case Meaning::mem_bind:
      case Meaning::distribution:
      case Meaning::hint:
        take_binding(said);
        return {};
      case Meaning::gpu_bind:
      case Meaning::gpus_per_task:
      case Meaning::gpus:
      case Meaning::gpus_per_node:
        return take_gpus(said);
      case Meaning::output:
      case Meaning::input:
      case Meaning::open_mode:
        return take_streams(said);
      case Meaning::of_job:
      case Meaning::granted:
        return {};
      case Meaning::without_use:
        note(said, "has no effect");
        return {};
      case Meaning::plugin:
        note(said,
             "is an option of a plug-in that sites add to srun, and has no effect; a job runs in "
             "a container by submit --image");
        return {};
      case Meaning::refused:
        return fail(Code::invalid, fmt::format("{} is not there; leave it out", said.written));
      case Meaning::mpi:
      case Meaning::kill:
      case Meaning::export_list:
      case Meaning::job:
      case Meaning::het_group:
      case Meaning::multi_prog:
      case Meaning::terminal:
      case Meaning::quiet:
        return take_manner(said);
    }
    base::check(false, "an option of srun has a meaning");
    return {};
  }

  base::Result<void> take_size(const Said& said) {
    const auto meaning = said.option->meaning;
    if (meaning == Meaning::nodes) {
      values_["--nodes"] = said.value.substr(0, said.value.find('-'));
    } else if (meaning == Meaning::cpus) {
      values_["--cpus-per-task"] = said.value;
      has_cores_ = true;
    } else if (meaning == Meaning::exact) {
      has_cores_ = true;
      overlaps_ = false;
    } else if (meaning == Meaning::exclude) {
      excluded_ = said.value;
    } else if (meaning == Meaning::relative) {
      const auto first = base::parse_int(said.value, 0, 1'000'000);
      if (!first) {
        return fail(Code::invalid, fmt::format("{}: expected a number of nodes, found '{}'",
                                               said.written, base::printable(said.value)));
      }
      first_node_ = static_cast<std::size_t>(*first);
    } else {
      overlaps_ = true;
      if (meaning == Meaning::overcommit) flags_.emplace_back("--overcommit");
    }
    return {};
  }

  void take_binding(const Said& said) {
    const auto meaning = said.option->meaning;
    bool is_verbose = false;
    const auto value = without_manners(said.value, is_verbose);
    if (meaning == Meaning::distribution) return take_distribution(said);
    if (meaning == Meaning::hint) {
      if (value == "nomultithread" || value == "1") values_["--hint"] = "nomultithread";
    } else if (meaning == Meaning::cpu_bind) {
      if (is_verbose) flags_.emplace_back("--report-bindings");
      if (!value.empty()) values_["--cpu-bind"] = renamed(value, cpu_words);
    } else if (value.starts_with("map_mem") || value.starts_with("mask_mem")) {
      note(said, fmt::format("{}: memory is bound to the domains of a task's cores, or not at all "
                             "(local, prefer, none)",
                             value));
    } else if (!value.empty() && value != "sort" && value != "nosort") {
      values_["--mem-bind"] = renamed(value, memory_words);
    }
  }

  /// Over nodes, over their sockets, over the cores of these; '*' leaves it to us.
  void take_distribution(const Said& said) {
    const auto parts =
        base::split(std::string_view(said.value).substr(0, said.value.find(',')), ':');
    const auto level = [&parts](std::size_t i) -> std::string {
      if (i >= parts.size() || parts[i] == "*") return {};
      return std::string(parts[i] == "fcyclic" ? "cyclic" : parts[i]);
    };
    const auto nodes = level(0).empty() ? std::string("block") : level(0);
    if (nodes != "block" && nodes != "cyclic")
      return note(said, fmt::format("{}: tasks are dealt to nodes by block or cyclic", nodes));
    values_["--distribution"] = nodes + (level(1).empty() ? "" : ":" + level(1));
  }

  base::Result<void> take_gpus(const Said& said) {
    if (said.option->meaning == Meaning::gpu_bind) {
      bool is_verbose = false;
      const auto value = without_manners(said.value, is_verbose);
      if (value.starts_with("per_task:")) {
        values_["--gpus-per-task"] = value.substr(value.find(':') + 1);
      } else if (value.starts_with("mask_gpu:")) {
        note(said, "mask_gpu has no effect; name one GPU for each task with map_gpu");
      } else if (!value.empty()) {
        values_["--gpu-bind"] = value;
      }
      return {};
    }
    const auto gpus = gpus_in(said);
    if (!gpus) return std::unexpected(gpus.error());
    if (said.option->meaning == Meaning::gpus_per_task) {
      values_["--gpus-per-task"] = std::to_string(*gpus);
    } else if (said.option->meaning == Meaning::gpus) {
      gpus_ = *gpus;
    } else {
      gpus_per_node_ = *gpus;
    }
    return {};
  }

  base::Result<void> take_streams(const Said& said) {
    const auto& value = said.value;
    const bool is_number = base::parse_int(value, 0, 1'000'000).has_value();
    if (said.option->meaning == Meaning::open_mode) {
      if (value.starts_with('a'))
        note(said,
             "append has no effect: files of a step begin anew in the first start of a job and are "
             "continued in later ones");
      return {};
    }
    if (said.option->meaning == Meaning::input) {
      command_.input_file.clear();
      if (value == "none" || (is_number && value != "0")) {
        flags_.emplace_back("--no-stdin");
      } else if (value != "all" && !is_number) {
        command_.input_file = value;
      }
      if (is_number && value != "0")
        note(said, fmt::format("{}: only task 0 can read standard input", value));
      return {};
    }
    values_.erase(said.option->target);
    if (value == "all") return {};
    if (is_number) {
      note(said, fmt::format("{}: the output of all tasks comes out here", value));
    } else {
      values_[said.option->target] = value == "none" ? "/dev/null" : value;
    }
    return {};
  }

  base::Result<void> take_manner(const Said& said) {
    const auto meaning = said.option->meaning;
    if (meaning == Meaning::mpi) {
      command_.lists_mpi = value_is(said, "list");
      values_.erase("--mpi");
      if (value_is(said, "none")) values_["--mpi"] = "none";
    } else if (meaning == Meaning::kill) {
      kills_ = !value_is(said, "0");
    } else if (meaning == Meaning::export_list) {
      command_.export_list = said.value;
    } else if (meaning == Meaning::job) {
      job_ = said.value;
    } else if (meaning == Meaning::multi_prog) {
      is_multi_prog_ = true;
    } else if (meaning == Meaning::terminal) {
      is_on_terminal_ = true;
    } else if (meaning == Meaning::quiet) {
      is_quiet_ = true;
    } else if (!value_is(said, "0")) {
      return fail(Code::invalid, fmt::format("{} {}: a job has one component here, which is 0",
                                             said.written, base::printable(said.value)));
    }
    return {};
  }

  static bool value_is(const Said& said, std::string_view value) { return said.value == value; }

  void note(const Said& said, std::string_view what) {
    command_.notes.push_back(fmt::format("{} {}", said.written, what));
  }

  std::optional<int> number(std::string_view option) const {
    const auto found = values_.find(option);
    if (found == values_.end()) return std::nullopt;
    const auto value = base::parse_int(found->second, 1, 1'000'000);
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
  }

  base::Result<void> conclude() {
    if (auto chosen = choose_nodes(); !chosen) return chosen;
    fit_nodes();
    choose_cores();
    choose_gpus();
    if (is_on_terminal_) {
      flags_.emplace_back("--pty");
      values_.try_emplace("--ntasks", "1");
    } else if (!kills_) {
      flags_.emplace_back("--keep-going");
    }
    if (!job_.empty() && job_ != variable("MUSTER_JOB_ID")) values_["--job"] = job_;
    command_.names_job = !job_.empty();
    command_.n_tasks = number("--ntasks").value_or(0);
    for (const auto& [option, value] : values_)
      command_.run.push_back(fmt::format("{}={}", option, value));
    std::ranges::sort(flags_);
    const auto repeated = std::ranges::unique(flags_);
    flags_.erase(repeated.begin(), repeated.end());
    command_.run.insert(command_.run.end(), flags_.begin(), flags_.end());
    if (is_quiet_) command_.notes.clear();
    return {};
  }

  /// The job's own that are left, where some are not to be used.
  base::Result<void> choose_nodes() {
    if (excluded_.empty() && !first_node_) return {};
    auto nodes = model::expand_hosts(variable("MUSTER_NODELIST"));
    const auto without = model::expand_hosts(excluded_);
    if (!nodes) return std::unexpected(nodes.error().in("MUSTER_NODELIST"));
    if (!excluded_.empty() && !without) return std::unexpected(without.error().in("--exclude"));
    if (first_node_)
      nodes->erase(nodes->begin(), nodes->begin() + static_cast<std::ptrdiff_t>(
                                                        std::min(*first_node_, nodes->size())));
    if (!excluded_.empty())
      std::erase_if(*nodes, [&](const auto& node) {
        return std::ranges::find(*without, node) != without->end();
      });
    const auto wanted = static_cast<std::size_t>(number("--nodes").value_or(0));
    if (nodes->empty() || nodes->size() < wanted)
      return fail(Code::invalid, fmt::format("--exclude and --relative leave {} of the job, {}",
                                             base::plural(std::ssize(*nodes), "node"),
                                             variable("MUSTER_NODELIST")));
    if (first_node_ && wanted > 0) nodes->resize(wanted);
    values_["--nodelist"] = model::compress_hosts(*nodes);
    return {};
  }

  void fit_nodes() {
    const auto tasks = number("--ntasks");
    const auto nodes = number("--nodes");
    if (!tasks || !nodes || *tasks >= *nodes) return;
    values_["--nodes"] = std::to_string(*tasks);
    command_.notes.push_back(
        fmt::format("warning: can't run {} processes on {} nodes, setting "
                    "nnodes to {}",
                    *tasks, *nodes, *tasks));
  }

  /// Without a number of cores a step has all of its nodes' cores, as far as they are the job's.
  void choose_cores() {
    if (has_cores_ && !overlaps_) {
      flags_.emplace_back("--exact");
    } else if (!values_.contains("--cpus-per-task")) {
      flags_.emplace_back("--fill");
    }
  }

  /// Every task sees all GPUs that the step has on its node, unless it asks for its own.
  void choose_gpus() {
    if (values_.contains("--gpus-per-task") || values_.contains("--gpu-bind")) return;
    const bool is_exact = std::ranges::find(flags_, "--exact") != flags_.end();
    const int per_node = number("--ntasks-per-node").value_or(number("--ntasks").value_or(1));
    const int gpus = gpus_.value_or(gpus_per_node_.value_or(0));
    const int tasks = gpus_ ? number("--ntasks").value_or(1) : per_node;
    if (is_exact && gpus > 0 && gpus % tasks == 0) {
      values_["--gpus-per-task"] = std::to_string(gpus / tasks);
    } else {
      values_["--gpu-bind"] = "none";
    }
  }

  const model::Environment& environment_;
  SrunCommand command_;
  std::map<std::string_view, std::string> values_;  // of muster run's options
  std::vector<std::string> flags_;
  std::string job_;
  std::string excluded_;
  std::optional<std::size_t> first_node_;
  std::optional<int> gpus_;
  std::optional<int> gpus_per_node_;
  bool has_cores_ = false;
  bool overlaps_ = false;
  bool kills_ = false;
  bool is_multi_prog_ = false;
  bool is_on_terminal_ = false;
  bool is_quiet_ = false;
};

}  // namespace

base::Result<SrunCommand> read_srun_command(std::span<const std::string> words,
                                            const model::Environment& environment) {
  return SrunLine(environment).read(words);
}

}  // namespace request
