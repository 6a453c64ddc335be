#include "cli/dialect/pbs_resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/dialect/pbs_chunks.h"
#include "lib/base/bytes.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace dialect {

namespace {

using request::OptionId;
using request::PlacedOption;

constexpr std::int64_t longest = 400LL * 366 * 86'400;  // seconds
constexpr std::array understood{"gpus", "mem",   "ncpus",  "ngpus",    "nodes", "place",
                                "pmem", "procs", "select", "walltime", "wd"};

/// Tasks and cores as they are asked for, in numbers that submit has.
struct Request {
  std::int64_t nodes = 0;  // 0: as many as the tasks need
  std::int64_t tasks = 1;
  std::int64_t tasks_per_node = 1;
  std::int64_t cores_per_task = 1;
  std::int64_t gpus = 0;      // of a chunk
  std::int64_t all_gpus = 0;  // of all chunks
  std::int64_t cores = 1;     // of a chunk
  std::optional<std::uint64_t> memory;
  bool are_alike = true;
};

Request sum_of(const PbsChunks& all) {
  Request sum{.tasks = 0};
  for (const auto& chunk : all.chunks) {
    sum.nodes += chunk.count;
    sum.tasks += chunk.count * chunk.tasks;
    sum.tasks_per_node = std::max(sum.tasks_per_node, chunk.tasks);
    sum.cores = std::max(sum.cores, chunk.cores);
    sum.gpus = std::max(sum.gpus, chunk.gpus);
    sum.all_gpus += chunk.count * chunk.gpus;
    if (chunk.memory) sum.memory = std::max(sum.memory.value_or(0), *chunk.memory);
    auto alike = all.chunks.front();
    alike.count = chunk.count;
    sum.are_alike = sum.are_alike && chunk == alike;
  }
  sum.cores_per_task = std::max<std::int64_t>(1, sum.cores / sum.tasks_per_node);
  return sum;
}

/// Converts what -l says, once all of it is known.
class Resources {
 public:
  Resources(const PbsResources& resources, Translation& out) : all_(resources), out_(out) {}

  base::Result<void> convert();

 private:
  const PlacedOption* find(const std::string& name) const;
  base::Result<std::optional<std::int64_t>> number(const std::string& name) const;
  base::Result<std::optional<std::uint64_t>> size(const std::string& name) const;
  bool has_place(std::string_view word) const;
  bool may_lie_together(const PbsChunks& all, const Request& sum) const;
  base::Result<void> convert_chunks(const PlacedOption& one, bool is_select);
  void ask_for_nodes(const PlacedOption& one, const Request& sum);
  void ask_for_tasks(const PlacedOption& one, const Request& sum);
  base::Result<void> convert_numbers();
  base::Result<void> convert_memory();
  base::Result<void> convert_time();
  void convert_rest();

  const PbsResources& all_;
  Translation& out_;
  std::int64_t nodes_ = 1;
  std::int64_t cores_per_task_ = 1;
};

const PlacedOption* Resources::find(const std::string& name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second;
}

base::Result<std::optional<std::int64_t>> Resources::number(const std::string& name) const {
  const auto* one = find(name);
  if (one == nullptr) return std::nullopt;
  const auto number = base::parse_int(one->given.value, 0, most_of_anything);
  if (!number)
    return not_expected(*one, fmt::format("{}=, a whole number up to {}", name, most_of_anything));
  return number;
}

base::Result<std::optional<std::uint64_t>> Resources::size(const std::string& name) const {
  const auto* one = find(name);
  if (one == nullptr) return std::nullopt;
  const auto size = pbs_size(one->given.value);
  if (!size) return not_expected(*one, fmt::format("{}=, a size such as 4gb", name));
  return size;
}

bool Resources::has_place(std::string_view word) const {
  const auto* place = find("place");
  if (place == nullptr) return false;
  const auto words = base::split(place->given.value, ':');
  return std::ranges::find(words, word) != words.end();
}

/// A chunk is a node, unless they may lie together.
void Resources::ask_for_nodes(const PlacedOption& one, const Request& sum) {
  out_.add(OptionId::nodes, std::to_string(sum.nodes), one);
  out_.add(OptionId::ntasks_per_node, std::to_string(sum.tasks_per_node), one);
  if (sum.tasks != sum.nodes * sum.tasks_per_node)
    out_.add(OptionId::ntasks, std::to_string(sum.tasks), one);
  if (sum.gpus > 0) out_.add(OptionId::gpus_per_node, std::to_string(sum.gpus), one);
  if (sum.memory) out_.add(OptionId::mem, in_mebibytes(*sum.memory), one);
  nodes_ = sum.nodes;
}

void Resources::ask_for_tasks(const PlacedOption& one, const Request& sum) {
  const bool is_one_node = has_place("pack");
  if (is_one_node) out_.add(OptionId::nodes, "1", one);
  out_.add(OptionId::ntasks, std::to_string(sum.tasks), one);
  const auto of_chunk = sum.tasks_per_node;
  if (is_one_node && sum.all_gpus > 0) {
    out_.add(OptionId::gpus_per_node, std::to_string(sum.all_gpus), one);
  } else if (sum.gpus > 0) {
    out_.add(OptionId::gpus_per_task, std::to_string(sum.gpus / of_chunk), one);
  }
  if (sum.memory) {
    const auto cores = static_cast<std::uint64_t>(of_chunk * sum.cores_per_task);
    out_.add(OptionId::mem_per_cpu, in_mebibytes((*sum.memory + cores - 1) / cores), one);
  }
}

/// PBS places chunks freely unless it is told otherwise. Those of several tasks stay whole here,
/// each on a node, unless that was said; so do those whose GPUs no single task could have.
bool Resources::may_lie_together(const PbsChunks& all, const Request& sum) const {
  if (!all.hosts.empty() || has_place("scatter") || has_place("vscatter")) return false;
  if (has_place("pack")) return true;
  const bool has_even_gpus = sum.gpus % sum.tasks_per_node == 0;
  if (has_place("free")) return has_even_gpus;
  return all.has_cores && sum.nodes > 1 && sum.tasks_per_node == 1;
}

base::Result<void> Resources::convert_chunks(const PlacedOption& one, bool is_select) {
  auto all = is_select ? select_from_text(one.given.value) : nodes_from_text(one.given.value);
  if (!all) return std::unexpected(all.error().in(one.given.written).in(one.place));
  for (const auto& part : all->unknown)
    out_.note(one, fmt::format("'{}' has no effect: nothing is asked of nodes for it",
                               base::printable(part)));
  const auto sum = sum_of(*all);
  if (!sum.are_alike) {
    out_.note(one, fmt::format("the chunks differ: each node has up to {} with {} each",
                               base::plural(sum.tasks_per_node, "task"),
                               base::plural(sum.cores_per_task, "core")));
  } else if (sum.cores_per_task * sum.tasks_per_node != sum.cores) {
    out_.note(one, fmt::format("{} are not the same number for each of {}: each has {}",
                               base::plural(sum.cores, "core"),
                               base::plural(sum.tasks_per_node, "task"), sum.cores_per_task));
  }
  if (is_select && may_lie_together(*all, sum)) {
    ask_for_tasks(one, sum);
  } else {
    ask_for_nodes(one, sum);
  }
  if (sum.cores_per_task > 1)
    out_.add(OptionId::cpus_per_task, std::to_string(sum.cores_per_task), one);
  if (!all->hosts.empty()) out_.add(OptionId::nodelist, base::join(all->hosts, ","), one);
  if (all->threads) out_.variables["OMP_NUM_THREADS"] = std::to_string(*all->threads);
  if (all->is_exclusive) out_.add(OptionId::exclusive, "", one);
  cores_per_task_ = sum.cores_per_task;
  return {};
}

/// Of a request without chunks.
base::Result<void> Resources::convert_numbers() {
  const bool has_chunks = find("select") != nullptr || find("nodes") != nullptr;
  constexpr std::array<std::pair<const char*, OptionId>, 4> numbers{
      {{"ncpus", OptionId::cpus_per_task},
       {"procs", OptionId::ntasks},
       {"ngpus", OptionId::gpus_per_node},
       {"gpus", OptionId::gpus_per_node}}};
  for (const auto& [name, option] : numbers) {
    const auto n = number(name);
    if (!n) return std::unexpected(n.error());
    if (!*n || (**n == 0 && option != OptionId::gpus_per_node)) continue;
    if (has_chunks && option != OptionId::gpus_per_node) {
      out_.note(*find(name), fmt::format("{}= has no effect beside select= or nodes=", name));
      continue;
    }
    out_.add(option, std::to_string(**n), *find(name));
    if (option == OptionId::cpus_per_task) cores_per_task_ = **n;
  }
  return {};
}

/// mem= is of the whole job, pmem= of each process.
base::Result<void> Resources::convert_memory() {
  const auto memory = size("mem");
  if (!memory) return std::unexpected(memory.error());
  const auto each = size("pmem");
  if (!each) return std::unexpected(each.error());
  const auto nodes = static_cast<std::uint64_t>(nodes_);
  const auto cores = static_cast<std::uint64_t>(cores_per_task_);
  const auto procs = number("procs");
  const bool is_by_process = procs && *procs && **procs > 0 && !find("select") && !find("nodes");
  if (*memory && is_by_process) {
    const auto all = static_cast<std::uint64_t>(**procs) * cores;
    out_.add(OptionId::mem_per_cpu, in_mebibytes((**memory + all - 1) / all), *find("mem"));
  } else if (*memory) {
    out_.add(OptionId::mem, in_mebibytes((**memory + nodes - 1) / nodes), *find("mem"));
  }
  if (*each && !*memory)
    out_.add(OptionId::mem_per_cpu, in_mebibytes((**each + cores - 1) / cores), *find("pmem"));
  return {};
}

base::Result<void> Resources::convert_time() {
  const auto* one = find("walltime");
  if (one == nullptr) return {};
  auto time = pbs_time(one->given.value);
  if (!time)
    return not_expected(*one, "walltime= in seconds, or as [[D:]HH:]MM:SS, such as 1:30:00");
  out_.add(OptionId::time, *std::move(time), *one);
  return {};
}

void Resources::convert_rest() {
  if (const auto* place = find("place")) {
    if (has_place("excl") || has_place("exclhost")) out_.add(OptionId::exclusive, "", *place);
    for (const auto word : base::split(place->given.value, ':')) {
      if (word.starts_with("group="))
        out_.note(*place, fmt::format("'{}' has no effect: nodes are chosen near each other",
                                      base::printable(word)));
    }
  }
  if (const auto* here = find("wd")) out_.add(OptionId::chdir, ".", *here);
  for (const auto& [name, one] : all_) {
    if (std::ranges::find(understood, name) != understood.end()) continue;
    out_.note(one, fmt::format("-l {} has no effect: nothing is set aside for it",
                               base::printable(name)));
  }
}

base::Result<void> Resources::convert() {
  base::Result<void> done;
  if (const auto* select = find("select")) {
    done = convert_chunks(*select, true);
  } else if (const auto* nodes = find("nodes")) {
    done = convert_chunks(*nodes, false);
  }
  if (done) done = convert_numbers();
  if (done) done = convert_memory();
  if (done) done = convert_time();
  if (done) convert_rest();
  return done;
}

}  // namespace

base::Result<void> take_resources(const PlacedOption& one, PbsResources& resources) {
  for (const auto part : base::split(one.given.value, ',')) {
    const auto equals = part.find('=');
    const auto name = base::trim(part.substr(0, equals));
    if (name.empty()) return not_expected(one, "resources such as walltime=1:00:00,mem=4gb");
    auto placed = one;
    placed.given.value =
        equals == std::string_view::npos ? "" : std::string(base::trim(part.substr(equals + 1)));
    if (name == "select") resources.erase("nodes");  // one takes the place of the other
    if (name == "nodes") resources.erase("select");
    resources.insert_or_assign(std::string(name), std::move(placed));
  }
  return {};
}

base::Result<void> convert_resources(const PbsResources& resources, Translation& out) {
  return Resources(resources, out).convert();
}

std::optional<std::string> pbs_time(std::string_view text) {
  constexpr std::array<std::int64_t, 4> lengths{1, 60, 3600, 86'400};
  const auto fields = base::split(text, ':');
  if (fields.size() > lengths.size()) return std::nullopt;
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto length = lengths[fields.size() - 1 - i];
    const auto field = base::parse_int(fields[i], 0, longest / length);
    if (!field) return std::nullopt;
    seconds += *field * length;
  }
  if (seconds > longest || seconds == 0) return std::nullopt;
  return base::to_clock_text(std::chrono::seconds(seconds));
}

std::optional<std::uint64_t> pbs_size(std::string_view text) {
  constexpr std::string_view prefixes = "kmgtp";
  constexpr std::int64_t greatest = 1'000'000'000'000;
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = base::parse_int(text.substr(0, digits), 0, greatest);
  if (!number) return std::nullopt;
  auto unit = base::to_lower(text.substr(digits));
  auto bytes = static_cast<std::uint64_t>(*number);
  if (unit.ends_with('w')) bytes *= 8;
  if (unit.ends_with('w') || unit.ends_with('b')) unit.pop_back();
  if (unit.empty()) return bytes;
  const auto power = prefixes.find(unit);
  if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
  for (std::size_t i = 0; i <= power; ++i) {
    if (bytes > (UINT64_MAX >> 11)) return std::nullopt;
    bytes *= base::kib;
  }
  return bytes;
}

}  // namespace dialect
