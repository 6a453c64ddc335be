#include "cli/dialect/slurm_gpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/request/node_values.h"
#include "lib/base/bytes.h"
#include "lib/base/text.h"

namespace dialect {

namespace {

using request::OptionId;
using request::PlacedOption;

struct Gpus {
  std::string kind;
  std::int64_t count = 1;
};

std::string to_text(const Gpus& gpus) {
  return gpus.kind.empty() ? std::to_string(gpus.count)
                           : fmt::format("{}:{}", gpus.kind, gpus.count);
}

/// What follows "gpu" in a list of resources: "", ":2", ":a100", ":a100:2", "=2".
std::optional<Gpus> gpus_behind_name(std::string_view text) {
  if (text.empty()) return Gpus{};
  text.remove_prefix(1);
  const auto split = text.find_last_of(":=");
  if (split == std::string_view::npos) {
    if (const auto count = base::parse_int(text, 0, most_of_anything))
      return Gpus{.kind = {}, .count = *count};
    if (text.empty()) return std::nullopt;
    return Gpus{.kind = std::string(text), .count = 1};
  }
  const auto count = base::parse_int(text.substr(split + 1), 0, most_of_anything);
  if (!count || split == 0) return std::nullopt;
  return Gpus{.kind = std::string(text.substr(0, split)), .count = *count};
}

bool is_named(std::string_view item, std::string_view name) {
  if (!item.starts_with(name)) return false;
  return item.size() == name.size() || item[name.size()] == ':' || item[name.size()] == '=';
}

void note_unknown(const PlacedOption& one, std::string_view item, Translation& out) {
  out.note(one, fmt::format("{}: nothing is set aside for '{}': nodes count cores, memory and GPUs",
                            one.given.written, base::printable(item)));
}

/// The last value that submit has of an option, as a number; nullopt: none, or no number.
std::optional<std::int64_t> number_of(const Translation& out, OptionId id) {
  for (auto at = out.options.rbegin(); at != out.options.rend(); ++at) {
    if (at->given.id != static_cast<int>(id)) continue;
    const auto& value = at->given.value;
    return base::parse_int(value.substr(0, value.find('-')), 0, most_of_anything);
  }
  return std::nullopt;
}

std::optional<std::int64_t> gpus_in(const Translation& out, OptionId id) {
  for (auto at = out.options.rbegin(); at != out.options.rend(); ++at) {
    if (at->given.id != static_cast<int>(id)) continue;
    const auto gpus = request::gpus_from_text(at->given.value);
    return gpus ? std::optional<std::int64_t>(gpus->second) : std::nullopt;
  }
  return std::nullopt;
}

std::int64_t divided_up(std::int64_t all, std::int64_t parts) {
  return (all + parts - 1) / parts;
}

/// nullopt: as many as the tasks need.
std::optional<std::int64_t> nodes_of(const Translation& out) {
  if (const auto nodes = number_of(out, OptionId::nodes)) return *nodes == 0 ? 1 : *nodes;
  const auto tasks = number_of(out, OptionId::ntasks);
  const auto per_node = number_of(out, OptionId::ntasks_per_node);
  if (tasks && per_node && *per_node > 0) return divided_up(*tasks, *per_node);
  return std::nullopt;
}

std::int64_t tasks_per_node(const Translation& out) {
  if (const auto per_node = number_of(out, OptionId::ntasks_per_node))
    return std::max<std::int64_t>(1, *per_node);
  const auto tasks = number_of(out, OptionId::ntasks).value_or(1);
  return std::max<std::int64_t>(1, divided_up(tasks, nodes_of(out).value_or(1)));
}

base::Result<Gpus> gpus_of(const PlacedOption& one) {
  auto gpus = request::gpus_from_text(one.given.value);
  if (!gpus) return not_expected(one, "a number of GPUs, or a kind and a number such as h100:8");
  return Gpus{.kind = std::move(gpus->first), .count = gpus->second};
}

base::Result<std::int64_t> count_of(const PlacedOption& one) {
  const auto count = base::parse_int(one.given.value, 1, most_of_anything);
  if (!count)
    return not_expected(one, fmt::format("a whole number from 1 to {}", most_of_anything));
  return *count;
}

/// The numbers of GPUs that options name, and who names them.
struct Wanted {
  std::optional<Gpus> all;
  std::optional<Gpus> per_node;
  std::optional<Gpus> per_task;
};

base::Result<void> read_gpus(const std::optional<PlacedOption>& one, std::optional<Gpus>& out) {
  if (!one) return {};
  auto gpus = gpus_of(*one);
  if (!gpus) return std::unexpected(gpus.error());
  out = std::move(*gpus);
  return {};
}

base::Result<void> read_gpus_of_sockets(const Together& together, Wanted& wanted,
                                        Translation& out) {
  if (!together.gpus_per_socket) return {};
  auto gpus = gpus_of(*together.gpus_per_socket);
  if (!gpus) return std::unexpected(gpus.error());
  const auto n = together.sockets ? count_of(*together.sockets) : base::Result<std::int64_t>(1);
  if (!n) return std::unexpected(n.error());
  if (!together.sockets) {
    out.note(*together.gpus_per_socket,
             fmt::format("{} is taken for one socket of each node; say --gpus-per-node",
                         together.gpus_per_socket->given.written));
  }
  wanted.per_node = Gpus{.kind = std::move(gpus->kind), .count = gpus->count * *n};
  return {};
}

/// --ntasks-per-gpu gives the number of tasks by that of the GPUs, or the other way round.
base::Result<void> match_tasks(const PlacedOption& one, Wanted& wanted, Translation& out) {
  const auto n = count_of(one);
  if (!n) return std::unexpected(n.error());
  const auto tasks = number_of(out, OptionId::ntasks);
  if (wanted.per_node) {
    const auto gpus = std::max<std::int64_t>(1, wanted.per_node->count);
    out.add(OptionId::ntasks_per_node, std::to_string(*n * gpus), one);
  } else if (wanted.all && !tasks) {
    out.add(OptionId::ntasks, std::to_string(*n * std::max<std::int64_t>(1, wanted.all->count)),
            one);
  } else if (tasks && !wanted.all && !wanted.per_task) {
    wanted.all = Gpus{.kind = {}, .count = divided_up(*tasks, *n)};
  } else {
    out.note(one, fmt::format("{} has no effect: {}", one.given.written,
                              tasks ? "the numbers of tasks and GPUs are given"
                                    : "no number of GPUs is given"));
  }
  return {};
}

/// What a task has decides; the others say how many tasks there are, where nothing else does.
void ask_by_task(const Wanted& wanted, const PlacedOption& one, Translation& out) {
  const auto each = std::max<std::int64_t>(1, wanted.per_task->count);
  const auto tasks = number_of(out, OptionId::ntasks);
  const auto here = number_of(out, OptionId::ntasks_per_node);
  if (wanted.all && !tasks) {
    out.add(OptionId::ntasks, std::to_string(divided_up(wanted.all->count, each)), one);
  } else if (wanted.all && *tasks * each != wanted.all->count) {
    out.note(one, fmt::format("{} of {} are {}, which counts, and not --gpus={}",
                              base::plural(*tasks, "task"), base::plural(each, "GPU"),
                              *tasks * each, wanted.all->count));
  }
  if (wanted.per_node && !tasks && !here) {
    out.add(OptionId::ntasks_per_node,
            std::to_string(std::max<std::int64_t>(1, wanted.per_node->count / each)), one);
  } else if (wanted.per_node && here && *here * each != wanted.per_node->count) {
    out.note(one, fmt::format("{} of {} on each node are {}, which counts, and not {}",
                              base::plural(*here, "task"), base::plural(each, "GPU"), *here * each,
                              wanted.per_node->count));
  }
  auto gpus = *wanted.per_task;
  if (gpus.kind.empty() && wanted.per_node) gpus.kind = wanted.per_node->kind;
  if (gpus.kind.empty() && wanted.all) gpus.kind = wanted.all->kind;
  out.add(OptionId::gpus_per_task, to_text(gpus), one);
}

/// --gpus says on how many nodes, where nothing else does.
void ask_by_node(const Wanted& wanted, const PlacedOption& one, Translation& out) {
  auto gpus = *wanted.per_node;
  if (wanted.all && gpus.count > 0) {
    if (gpus.kind.empty()) gpus.kind = wanted.all->kind;
    const auto nodes = nodes_of(out);
    if (!nodes) {
      out.add(OptionId::nodes, std::to_string(divided_up(wanted.all->count, gpus.count)), one);
    } else if (*nodes * gpus.count != wanted.all->count) {
      out.note(one, fmt::format("{} with {} each have {}, which counts, and not --gpus={}",
                                base::plural(*nodes, "node"), base::plural(gpus.count, "GPU"),
                                *nodes * gpus.count, wanted.all->count));
    }
  }
  out.add(OptionId::gpus_per_node, to_text(gpus), one);
}

bool is_range(const Translation& out, OptionId id) {
  for (auto at = out.options.rbegin(); at != out.options.rend(); ++at) {
    if (at->given.id == static_cast<int>(id)) return at->given.value.contains('-');
  }
  return false;
}

/// --gpus is a number for the whole job.
void share_gpus(const Gpus& gpus, const PlacedOption& one, Translation& out) {
  const auto nodes = nodes_of(out);
  const auto tasks = number_of(out, OptionId::ntasks).value_or(1);
  if (!nodes && tasks > 1 && gpus.count % tasks == 0) {
    out.add(OptionId::gpus_per_task, to_text({gpus.kind, gpus.count / tasks}), one);
    return;
  }
  if (is_range(out, OptionId::nodes)) {
    out.note(one, fmt::format("the {} are shared among the fewest nodes, which is {}",
                              base::plural(gpus.count, "GPU"), *nodes));
    out.add(OptionId::nodes, std::to_string(*nodes), one);
  }
  if (!nodes) out.add(OptionId::nodes, "1", one);
  const auto each = divided_up(gpus.count, nodes.value_or(1));
  if (each * nodes.value_or(1) != gpus.count) {
    out.note(one, fmt::format("{} GPUs on {} nodes are not the same number on each: each gets {}",
                              gpus.count, *nodes, each));
  }
  out.add(OptionId::gpus_per_node, to_text({gpus.kind, each}), one);
}

base::Result<void> ask_for_gpus(const Together& together, Translation& out) {
  Wanted wanted;
  auto done = read_gpus(together.gpus, wanted.all);
  if (done) done = read_gpus(together.gpus_per_node, wanted.per_node);
  if (done) done = read_gpus(together.gpus_per_task, wanted.per_task);
  if (done) done = read_gpus_of_sockets(together, wanted, out);
  if (done && together.ntasks_per_gpu) done = match_tasks(*together.ntasks_per_gpu, wanted, out);
  if (!done) return done;
  if (wanted.per_task) {
    ask_by_task(wanted, *together.gpus_per_task, out);
  } else if (wanted.per_node) {
    ask_by_node(wanted,
                together.gpus_per_node ? *together.gpus_per_node : *together.gpus_per_socket, out);
  } else if (wanted.all) {
    share_gpus(*wanted.all, together.gpus ? *together.gpus : *together.ntasks_per_gpu, out);
  }
  return {};
}

base::Result<void> take_cores_of_gpus(const PlacedOption& one, Translation& out) {
  const auto n = count_of(one);
  if (!n) return std::unexpected(n.error());
  if (const auto each = gpus_in(out, OptionId::gpus_per_task)) {
    out.add(OptionId::cpus_per_task, std::to_string(*n * std::max<std::int64_t>(1, *each)), one);
  } else if (const auto of_node = gpus_in(out, OptionId::gpus_per_node)) {
    const auto cores = divided_up(*n * *of_node, tasks_per_node(out));
    out.add(OptionId::cpus_per_task, std::to_string(std::max<std::int64_t>(1, cores)), one);
  } else {
    out.note(one, fmt::format("{} has no effect: no GPUs are asked for", one.given.written));
  }
  return {};
}

base::Result<void> take_memory_of_gpus(const PlacedOption& one, Translation& out) {
  const auto size = base::parse_memory(one.given.value);
  if (!size) return std::unexpected(size.error().in(one.given.written).in(one.place));
  if (const auto each = gpus_in(out, OptionId::gpus_per_task)) {
    const auto cores =
        std::max<std::int64_t>(1, number_of(out, OptionId::cpus_per_task).value_or(1));
    const auto bytes = size->count() * static_cast<std::uint64_t>(*each);
    out.add(OptionId::mem_per_cpu, in_mebibytes(bytes / static_cast<std::uint64_t>(cores)), one);
  } else if (const auto of_node = gpus_in(out, OptionId::gpus_per_node)) {
    out.add(OptionId::mem, in_mebibytes(size->count() * static_cast<std::uint64_t>(*of_node)), one);
  } else {
    out.note(one, fmt::format("{} has no effect: no GPUs are asked for", one.given.written));
  }
  return {};
}

/// As sbatch has it, no node is without a task.
void limit_nodes(Translation& out) {
  const auto tasks = number_of(out, OptionId::ntasks);
  const auto nodes = number_of(out, OptionId::nodes);
  if (!tasks || !nodes || *tasks < 1 || *nodes <= *tasks) return;
  for (auto at = out.options.rbegin(); at != out.options.rend(); ++at) {
    if (at->given.id != static_cast<int>(OptionId::nodes)) continue;
    const auto from = *at;
    out.note(from, fmt::format("{} on {} nodes: every node needs a task, so it is {}",
                               base::plural(*tasks, "task"), *nodes, base::plural(*tasks, "node")));
    out.add(OptionId::nodes, std::to_string(*tasks), from);
    return;
  }
}

void tell_of_memory(const PlacedOption& one, Translation& out) {
  const bool is_whole = std::ranges::any_of(out.options, [](const PlacedOption& other) {
    return other.given.id == static_cast<int>(OptionId::exclusive);
  });
  if (!is_whole)
    out.note(one, fmt::format("{}=0 sets no limit and keeps no memory for the job; with "
                              "--exclusive it has all of its nodes",
                              one.given.written));
}

}  // namespace

base::Result<void> convert_gres(const PlacedOption& one, Translation& out, Together& together) {
  together.gpus_per_node.reset();  // the last list counts, whatever is in it
  std::optional<Gpus> gpus;
  for (auto item : base::split(one.given.value, ',')) {
    item = item.substr(0, item.find('('));
    if (item.starts_with("gres:") || item.starts_with("gres/")) item.remove_prefix(5);
    if (item == "none" || item.empty()) continue;
    if (!is_named(item, "gpu")) {
      note_unknown(one, item, out);
      continue;
    }
    auto found = gpus_behind_name(item.substr(3));
    if (!found) return not_expected(one, "gpu, gpu:COUNT or gpu:KIND:COUNT");
    if (gpus)
      return refused(one, "GPUs of two kinds on one node cannot be asked for; name one of them");
    gpus = std::move(found);
  }
  if (gpus) {
    together.gpus_per_node = one;
    together.gpus_per_node->given.value = to_text(*gpus);
  }
  return {};
}

base::Result<void> convert_tres(const PlacedOption& one, Translation& out, Together& together) {
  for (auto item : base::split(one.given.value, ',')) {
    if (is_named(item, "cpu")) {
      out.add(OptionId::cpus_per_task,
              std::string(item.substr(std::min<std::size_t>(4, item.size()))), one);
      continue;
    }
    const auto name = item;
    if (item.starts_with("gres:") || item.starts_with("gres/")) item.remove_prefix(5);
    const auto gpus = is_named(item, "gpu") ? gpus_behind_name(item.substr(3)) : std::nullopt;
    if (gpus) {
      together.gpus_per_task = one;
      together.gpus_per_task->given.value = to_text(*gpus);
    } else {
      note_unknown(one, name, out);
    }
  }
  return {};
}

base::Result<void> convert(const Together& together, Translation& out) {
  limit_nodes(out);
  auto done = ask_for_gpus(together, out);
  if (done && together.cpus_per_gpu) done = take_cores_of_gpus(*together.cpus_per_gpu, out);
  if (done && together.mem_per_gpu) done = take_memory_of_gpus(*together.mem_per_gpu, out);
  if (done && together.no_memory_limit) tell_of_memory(*together.no_memory_limit, out);
  return done;
}

}  // namespace dialect
