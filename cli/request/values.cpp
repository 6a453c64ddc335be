#include "cli/request/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "cli/request/binding_values.h"
#include "cli/request/environment.h"
#include "cli/request/node_values.h"
#include "cli/request/preparation_values.h"
#include "cli/request/table.h"
#include "cli/request/when.h"
#include "lib/base/text.h"

namespace request {

namespace {

constexpr int most = 1'000'000;
constexpr int least_priority = -1000;
constexpr base::Duration least_grow_after = std::chrono::seconds(1);
constexpr int most_priority = 1000;
constexpr std::string_view pattern_letters = "jJxuNntsAabr%";

std::unexpected<base::Error> refuse(const options::Given& given, std::string_view expected) {
  return base::fail(base::Code::invalid, fmt::format("{}: expected {}, found '{}'", given.written,
                                                     expected, base::printable(given.value)));
}

base::Result<int> count(const options::Given& given, int least) {
  const auto number = base::parse_int(given.value, least, most);
  if (!number) return refuse(given, fmt::format("a whole number from {} to {}", least, most));
  return static_cast<int>(*number);
}

base::Result<base::Bytes> memory(const options::Given& given) {
  auto size = base::parse_memory(given.value);
  if (!size) return std::unexpected(size.error().in(given.written));
  if (*size == base::Bytes()) return refuse(given, "a size above 0, such as 4G");
  return size;
}

base::Result<std::optional<base::Duration>> time_limit(const options::Given& given) {
  if (given.value == "0") return std::nullopt;  // as man sbatch has it: no limit
  auto limit = base::parse_time_limit(given.value);
  if (!limit) return std::unexpected(limit.error().in(given.written));
  return limit;
}

base::Result<std::string> text(const options::Given& given) {
  if (given.value.empty()) return refuse(given, "a value that is not empty");
  if (given.value.find('\n') != std::string::npos) return refuse(given, "one line");
  return given.value;
}

base::Result<std::string> pattern(const options::Given& given) {
  auto path = text(given);
  if (!path) return path;
  if (const auto checked = check_pattern(*path); !checked) {
    return std::unexpected(checked.error().in(given.written));
  }
  return path;
}

/// Which is no file for srun: all, none, or the number of a task.
bool is_mode_of_srun(std::string_view value) {
  return value == "all" || value == "none" || base::parse_int(value, 0, INT32_MAX).has_value();
}

base::Result<model::StartUp> start_up(const options::Given& given) {
  const auto known = model::start_up_from_text(given.value);
  if (!known) return refuse(given, "all, pmix (Open MPI), pmi1 (MPICH, Intel MPI) or none");
  return *known;
}

/// Stores a value that was read, or passes its error on.
template <class T, class Target>
base::Result<void> store(base::Result<T> value, Target& target) {
  if (!value) return std::unexpected(std::move(value).error());
  target = std::move(*value);
  return {};
}

constexpr std::array<std::pair<std::string_view, int>, 3> priority_words{
    {{"low", -500}, {"normal", 0}, {"high", 500}}};

base::Result<int> priority_value(const options::Given& given) {
  for (const auto& [word, value] : priority_words) {
    if (given.value == word) return value;
  }
  const auto number = base::parse_int(given.value, least_priority, most_priority);
  if (!number) {
    return refuse(given, fmt::format("low, normal, high or a whole number from {} to {}",
                                     least_priority, most_priority));
  }
  return static_cast<int>(*number);
}

/// [B:]SIGNAL[@SECONDS], as man sbatch has it.
base::Result<model::SaveSignal> save_signal(const options::Given& given) {
  std::string_view text = given.value;
  model::SaveSignal signal{.number = 0, .before = std::chrono::minutes(1), .script_only = false};
  if (text.starts_with("B:")) {
    signal.script_only = true;
    text.remove_prefix(2);
  }
  const auto at = text.find('@');
  const auto number = model::save_signal_from_text(text.substr(0, at));
  if (!number)
    return refuse(given, "a signal that a program can handle, such as USR1, B:USR1 or USR1@120");
  signal.number = *number;
  if (at == std::string_view::npos) return signal;
  const auto time = text.substr(at + 1);
  const auto seconds = base::parse_int(time, 0, most);
  const auto before = seconds ? base::Result<base::Duration>(std::chrono::seconds(*seconds))
                              : base::parse_duration(time);
  if (!before) return refuse(given, "after the @ a number of seconds, or a time such as 2m");
  signal.before = *before;
  return signal;
}

base::Result<model::RestartPolicy> restart_value(const options::Given& given) {
  if (given.value.empty()) return refuse(given, "a policy, such as 'on=exit,signal max=5'");
  auto policy = model::restart_policy_from_text(given.value);
  if (!policy) return std::unexpected(policy.error().in(given.written));
  return policy;
}

base::Result<model::HangLimit> hang_value(const options::Given& given) {
  auto limit = model::hang_limit_from_text(given.value);
  if (!limit) return std::unexpected(limit.error().in(given.written));
  return limit;
}

base::Result<base::Duration> grow_value(const options::Given& given) {
  const auto after = base::parse_duration(given.value);
  if (!after || *after < least_grow_after)
    return refuse(given, "a time of a second or more, such as 30m");
  return *after;
}

/// When an attempt is ended, and what comes before that and after it.
base::Result<void> apply_ends(const options::Given& given, model::JobSpec& spec) {
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::time) return store(time_limit(given), spec.time_limit);
  if (id == OptionId::signal) return store(save_signal(given), spec.save_signal);
  if (id == OptionId::hang_timeout) return store(hang_value(given), spec.hang_timeout);
  if (id == OptionId::grow_after) return store(grow_value(given), spec.grow_after);
  return store(restart_value(given), spec.restart);
}

base::Result<base::Time> moment_value(const options::Given& given, base::Time now) {
  auto time = parse_when(given.value, now);
  if (!time) return std::unexpected(time.error().in(given.written));
  return time;
}

base::Result<model::Array> array_value(const options::Given& given) {
  auto array = model::array_from_text(given.value);
  if (!array) return std::unexpected(array.error().in(given.written));
  return array;
}

base::Result<model::Dependency> dependency_value(const options::Given& given) {
  auto dependency = model::dependency_from_text(given.value);
  if (!dependency) return std::unexpected(dependency.error().in(given.written));
  return dependency;
}

base::Result<std::string> export_value(const options::Given& given) {
  const auto tried = exported(given.value, {});
  if (!tried) return std::unexpected(tried.error().in(given.written));
  return given.value;
}

/// Where the value goes as it is, one line that is not empty.
std::string* text_member(OptionId id, model::JobSpec& spec) {
  if (id == OptionId::booking) return &spec.choice.booking;
  static constexpr std::array<std::pair<OptionId, std::string model::JobSpec::*>, 5> members{
      {{OptionId::job_name, &model::JobSpec::name},
       {OptionId::chdir, &model::JobSpec::work_dir},
       {OptionId::pool, &model::JobSpec::pool},
       {OptionId::job_class, &model::JobSpec::class_name},
       {OptionId::workspace, &model::JobSpec::workspace}}};
  for (const auto& [option, member] : members) {
    if (option == id) return &(spec.*member);
  }
  return nullptr;
}

/// Whether the option is a flag of a submission, which it sets then.
bool apply_flag(OptionId id, Choices& choices) {
  struct Flag {
    OptionId id;
    bool& target;
    bool value;
  };
  const std::array<Flag, 7> flags{{{OptionId::exclusive, choices.spec.shape.whole_nodes, true},
                                   {OptionId::hold, choices.spec.hold, true},
                                   {OptionId::requeue, choices.spec.requeue, true},
                                   {OptionId::no_requeue, choices.spec.requeue, false},
                                   {OptionId::wait, choices.wait, true},
                                   {OptionId::test_only, choices.test_only, true},
                                   {OptionId::parsable, choices.parsable, true}}};
  const auto* const found = std::ranges::find(flags, id, &Flag::id);
  if (found == flags.end()) return false;
  found->target = found->value;
  return true;
}

/// As `read` makes of the value, which it names in its errors.
template <class Read>
auto read_with(const options::Given& given, Read read) {
  auto value = read(given.value);
  if (!value) value = std::unexpected(value.error().in(given.written));
  return value;
}

base::Result<void> apply_nodes(const options::Given& given, model::Shape& shape) {
  const auto nodes = read_with(given, nodes_from_text);
  if (!nodes) return std::unexpected(nodes.error());
  shape.nodes = nodes->first;
  shape.most_nodes = nodes->second;
  return {};
}

base::Result<void> apply_gpus(const options::Given& given, model::JobSpec& spec, int& number) {
  auto gpus = read_with(given, gpus_from_text);
  if (!gpus) return std::unexpected(gpus.error());
  spec.choice.gpu_kind = std::move(gpus->first);
  number = gpus->second;
  return {};
}

/// How many tasks, of how many cores, and their memory: of the two ways to ask for that the last
/// one counts.
base::Result<void> apply_shape(const options::Given& given, model::Shape& shape) {
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::mem || id == OptionId::mem_per_cpu) {
    shape.memory_per_node.reset();
    shape.memory_per_cpu.reset();
    return store(memory(given), id == OptionId::mem ? shape.memory_per_node : shape.memory_per_cpu);
  }
  if (id == OptionId::ntasks) return store(count(given, 1), shape.tasks);
  if (id == OptionId::ntasks_per_node) return store(count(given, 1), shape.tasks_per_node);
  return store(count(given, 1), shape.cpus_per_task);
}

/// Which nodes a job may use, and what it holds of the cluster.
base::Result<void> apply_choice(const options::Given& given, model::JobSpec& spec) {
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::nodes) return apply_nodes(given, spec.shape);
  if (id == OptionId::gpus_per_node) return apply_gpus(given, spec, spec.shape.gpus_per_node);
  if (id == OptionId::gpus_per_task) return apply_gpus(given, spec, spec.shape.gpus_per_task);
  if (id == OptionId::constraint)
    return store(read_with(given, model::constraint_from_text), spec.choice.constraint);
  if (id == OptionId::nodelist)
    return store(read_with(given, node_names_from_text), spec.choice.only);
  if (id == OptionId::exclude)
    return store(read_with(given, node_names_from_text), spec.choice.never);
  if (id == OptionId::tier)
    return store(read_with(given, model::tiers_from_text), spec.choice.tiers);
  if (id == OptionId::max_evictions) return store(count(given, 1), spec.max_evictions);
  return store(read_with(given, licenses_from_text), spec.licenses);
}

/// When a job starts besides when there is room, how often, and when it ends.
base::Result<void> apply_times(const options::Given& given, Choices& choices) {
  auto& spec = choices.spec;
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::priority) return store(priority_value(given), spec.priority);
  if (id == OptionId::begin) return store(moment_value(given, choices.now), spec.begin);
  if (id == OptionId::deadline) return store(moment_value(given, choices.now), spec.deadline);
  if (id == OptionId::dependency) return store(dependency_value(given), spec.dependency);
  if (id != OptionId::array) return apply_ends(given, spec);
  return store(array_value(given), spec.array);
}

base::Result<void> apply_roles(std::span<const options::Given> given, model::StepSpec& step) {
  RoleChoice choice;
  for (const auto& one : given) {
    if (!is_of_roles(one)) continue;
    if (auto applied = apply(one, choice); !applied) return applied;
  }
  if (!choice.is_made()) return {};
  return store(roles_of(choice), step.roles);
}

base::Result<bool> open_mode_value(const options::Given& given) {
  if (given.value != "append" && given.value != "truncate")
    return refuse(given, "append or truncate");
  return given.value == "append";
}

/// Names of files, the comment, which may be any text, and what the job's processes find.
base::Result<void> apply_surroundings(const options::Given& given, Choices& choices) {
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::environment) return store(export_value(given), choices.environment);
  if (id == OptionId::comment)
    return store(base::Result<std::string>(given.value), choices.spec.comment);
  if (id == OptionId::open_mode) return store(open_mode_value(given), choices.spec.append_output);
  return store(pattern(given), id == OptionId::output ? choices.spec.output : choices.spec.error);
}

/// What stands with a value other than plain text; the others are texts and flags, or only submit
/// itself or muster run looks at them.
base::Result<void> apply_value(const options::Given& given, Choices& choices) {
  using enum OptionId;
  const auto is_one_of = [id = static_cast<OptionId>(given.id)](const auto& ids) {
    return std::ranges::find(ids, id) != ids.end();
  };
  static constexpr std::array shape{ntasks, ntasks_per_node, cpus_per_task, mem, mem_per_cpu};
  static constexpr std::array choice{nodes,   gpus_per_node, gpus_per_task, constraint,   nodelist,
                                     exclude, licenses,      tier,          max_evictions};
  static constexpr std::array surroundings{output, error, open_mode, comment, environment};
  static constexpr std::array times{time,     signal, restart,  hang_timeout, grow_after,
                                    priority, begin,  deadline, dependency,   array};
  if (is_one_of(shape)) return apply_shape(given, choices.spec.shape);
  if (is_one_of(choice)) return apply_choice(given, choices.spec);
  if (is_one_of(surroundings)) return apply_surroundings(given, choices);
  if (is_one_of(times)) return apply_times(given, choices);
  return {};
}

}  // namespace

base::Result<void> apply(const options::Given& given, Choices& choices) {
  auto& spec = choices.spec;
  if (auto* const member = text_member(static_cast<OptionId>(given.id), spec))
    return store(text(given), *member);
  if (apply_flag(static_cast<OptionId>(given.id), choices)) return {};
  if (is_of_preparation(given)) return apply(given, spec.preparation);
  return is_of_roles(given) ? apply(given, choices.roles) : apply_value(given, choices);
}

base::Result<void> apply(std::span<const options::Given> given, model::StepSpec& step) {
  struct Number {
    OptionId id;
    int least;
    std::optional<int> model::StepSpec::* member;
  };
  static constexpr std::array<Number, 5> numbers{{
      {OptionId::nodes, 1, &model::StepSpec::nodes},
      {OptionId::ntasks, 1, &model::StepSpec::tasks},
      {OptionId::ntasks_per_node, 1, &model::StepSpec::tasks_per_node},
      {OptionId::cpus_per_task, 1, &model::StepSpec::cpus_per_task},
      {OptionId::gpus_per_task, 0, &model::StepSpec::gpus_per_task},
  }};
  for (const auto& number : numbers) {
    const auto* one = find(given, number.id);
    if (one == nullptr) continue;
    if (auto stored = store(count(*one, number.least), step.*number.member); !stored) return stored;
  }
  if (const auto* names = find(given, OptionId::nodelist)) {
    if (auto stored = store(read_with(*names, node_names_from_text), step.node_names); !stored)
      return stored;
  }
  if (auto bound = apply_binding(given, step); !bound) return bound;
  if (auto chosen = apply_roles(given, step); !chosen) return chosen;
  if (const auto* protocol = find(given, OptionId::mpi)) {
    if (auto stored = store(start_up(*protocol), step.start_up); !stored) return stored;
  }
  step.exact = has(given, OptionId::exact);
  step.keep_going = has(given, OptionId::keep_going);
  step.map_only = has(given, OptionId::map);
  step.label = has(given, OptionId::label);
  if (const auto* limit = find(given, OptionId::hang_timeout)) {
    if (auto stored = store(hang_value(*limit), step.hang_timeout); !stored) return stored;
  }
  for (const auto& [id, member] : {std::pair(OptionId::output, &model::StepSpec::output),
                                   std::pair(OptionId::error, &model::StepSpec::error)}) {
    const auto* one = find(given, id);
    if (one == nullptr) continue;
    if (is_mode_of_srun(one->value)) {
      return base::fail(
          base::Code::invalid,
          fmt::format("{}={} is a mode of srun that muster run does not have; expected "
                      "a file, /dev/null to throw the output away, or ./{} for a "
                      "file of that name",
                      one->written, one->value, one->value));
    }
    if (auto stored = store(pattern(*one), step.*member); !stored) return stored;
  }
  if (const auto* directory = find(given, OptionId::chdir)) {
    return store(text(*directory), step.work_dir);
  }
  return {};
}

base::Result<std::optional<base::Duration>> step_limit(std::span<const options::Given> given) {
  const auto* limit = find(given, OptionId::time);
  return limit == nullptr ? std::nullopt : time_limit(*limit);
}

base::Result<void> check_pattern(std::string_view pattern) {
  constexpr std::size_t most_digits = 2;  // of a width
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    const auto percent = i++;
    while (i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9') ++i;
    const bool has_width = i - percent - 1 <= most_digits;
    if (has_width && i < pattern.size() && pattern_letters.contains(pattern[i])) continue;
    return base::fail(
        base::Code::invalid,
        fmt::format("expected %j, %J, %A, %a, %b, %x, %u, %N, %n, %t, %s, %r or %% in a file name, "
                    "with a width up to 10 such as %4t, found '{}' in '{}'",
                    base::printable(pattern.substr(percent, i + 1 - percent)),
                    base::printable(pattern)));
  }
  return {};
}

std::string absolute(std::string_view path, std::string_view folder) {
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.starts_with('/')) return std::string(path);
  if (path.empty() || path == ".") return std::string(folder);
  return std::string(folder) + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

}  // namespace request
