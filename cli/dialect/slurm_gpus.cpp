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

/// --gpus is a number for the whole job.
base::Result<void> share_gpus(const PlacedOption& one, Translation& out) {
  const auto gpus = gpus_of(one);
  if (!gpus) return std::unexpected(gpus.error());
  const auto nodes = nodes_of(out);
  const auto tasks = number_of(out, OptionId::ntasks).value_or(1);
  if (!nodes && tasks > 1 && gpus->count % tasks == 0) {
    out.add(OptionId::gpus_per_task, to_text({gpus->kind, gpus->count / tasks}), one);
    return {};
  }
  if (!nodes) out.add(OptionId::nodes, "1", one);
  const auto each = divided_up(gpus->count, nodes.value_or(1));
  if (each * nodes.value_or(1) != gpus->count) {
    out.note(one, fmt::format("{} GPUs on {} nodes are not the same number on each: each gets {}",
                              gpus->count, *nodes, each));
  }
  out.add(OptionId::gpus_per_node, to_text({gpus->kind, each}), one);
  return {};
}

base::Result<void> take_gpus_of_sockets(const PlacedOption& one,
                                        const std::optional<PlacedOption>& sockets,
                                        Translation& out) {
  const auto gpus = gpus_of(one);
  if (!gpus) return std::unexpected(gpus.error());
  const auto n = sockets ? count_of(*sockets) : base::Result<std::int64_t>(1);
  if (!n) return std::unexpected(n.error());
  if (!sockets)
    out.note(one, fmt::format("{} is taken for one socket of each node; say --gpus-per-node",
                              one.given.written));
  out.add(OptionId::gpus_per_node, to_text({gpus->kind, gpus->count * *n}), one);
  return {};
}

base::Result<void> take_tasks_of_gpus(const PlacedOption& one, Translation& out) {
  const auto n = count_of(one);
  if (!n) return std::unexpected(n.error());
  if (const auto each = gpus_in(out, OptionId::gpus_per_node)) {
    out.add(OptionId::ntasks_per_node, std::to_string(*n * std::max<std::int64_t>(1, *each)), one);
  } else {
    out.note(one, fmt::format("{} has no effect: no number of GPUs is given", one.given.written));
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

base::Result<void> convert_gres(const PlacedOption& one, Translation& out) {
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
  if (gpus) out.add(OptionId::gpus_per_node, to_text(*gpus), one);
  return {};
}

base::Result<void> convert_tres(const PlacedOption& one, Translation& out) {
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
      out.add(OptionId::gpus_per_task, to_text(*gpus), one);
    } else {
      note_unknown(one, name, out);
    }
  }
  return {};
}

base::Result<void> convert(const Together& together, Translation& out) {
  limit_nodes(out);
  base::Result<void> done;
  if (together.gpus) done = share_gpus(*together.gpus, out);
  if (done && together.gpus_per_socket)
    done = take_gpus_of_sockets(*together.gpus_per_socket, together.sockets, out);
  if (done && together.ntasks_per_gpu) done = take_tasks_of_gpus(*together.ntasks_per_gpu, out);
  if (done && together.cpus_per_gpu) done = take_cores_of_gpus(*together.cpus_per_gpu, out);
  if (done && together.mem_per_gpu) done = take_memory_of_gpus(*together.mem_per_gpu, out);
  if (done && together.no_memory_limit) tell_of_memory(*together.no_memory_limit, out);
  return done;
}

}  // namespace dialect
