#include "cli/request/binding_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/request/table.h"
#include "lib/base/text.h"

namespace request {

namespace {

using model::Binding;
using model::BindTo;
using model::MapBy;
using options::Given;

constexpr int most_repeats = 100'000;
constexpr int most_of_list = 100'000;

std::unexpected<base::Error> expected_words(const Given& given, std::string_view words) {
  return base::fail(base::Code::invalid, fmt::format("{}: expected {}, found '{}'", given.written,
                                                     words, base::printable(given.value)));
}

/// "a,b*3": the parts, repeated as often as they say.
std::optional<std::vector<std::string_view>> repeated_parts(std::string_view list) {
  std::vector<std::string_view> parts;
  for (const auto part : base::split(list, ',')) {
    const auto star = part.find('*');
    const auto times = star == std::string_view::npos
                           ? 1
                           : base::parse_int(part.substr(star + 1), 1, most_repeats);
    if (!times || parts.size() + static_cast<std::size_t>(*times) > most_of_list) {
      return std::nullopt;
    }
    parts.insert(parts.end(), static_cast<std::size_t>(*times), part.substr(0, star));
  }
  return parts;
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// "0x0f" or "f": the bits that are set.
std::optional<model::CpuSet> mask(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (text.empty() || text.size() > model::IndexSet::list_limit / 4) return std::nullopt;
  model::CpuSet cpus;
  int bit = 0;
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, bit += 4) {
    const auto value = hex_digit(*digit);
    if (!value) return std::nullopt;
    for (int i = 0; i < 4; ++i) {
      if ((*value >> i & 1) != 0) cpus.add(bit + i);
    }
  }
  return cpus;
}

std::optional<int> place_number(std::string_view text) {
  const auto number = base::parse_int(text, 0, model::IndexSet::list_limit - 1);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<model::CpuSet> one_cpu(std::string_view text) {
  const auto number = place_number(text);
  return number ? std::optional(model::CpuSet::range(*number, 1)) : std::nullopt;
}

/// Each part of the list as `read` makes of it; nothing when one is wrong.
template <class Read>
auto read_list(std::string_view list, Read read)
    -> std::optional<std::vector<typename decltype(read(list))::value_type>> {
  const auto parts = repeated_parts(list);
  if (!parts) return std::nullopt;
  std::vector<typename decltype(read(list))::value_type> values;
  for (const auto part : *parts) {
    auto value = read(part);
    if (!value) return std::nullopt;
    values.push_back(*std::move(value));
  }
  return values;
}

/// What follows the colon, if the value begins with this word.
std::optional<std::string_view> after_word(std::string_view value, std::string_view word) {
  if (!value.starts_with(word) || !value.substr(word.size()).starts_with(':')) return std::nullopt;
  return value.substr(word.size() + 1);
}

base::Result<void> read_bind_to(const Given& given, Binding& binding) {
  if (given.value == "hwthread") {
    binding.bind_to = BindTo::core;
    binding.one_thread = true;
    return {};
  }
  binding.bind_to = model::bind_to_from_text(given.value);
  if (!binding.bind_to) return expected_words(given, "none, hwthread, core, numa or socket");
  return {};
}

base::Result<void> read_cpu_bind(const Given& given, Binding& binding) {
  struct Word {
    std::string_view text;
    BindTo bind_to;
    bool one_thread;
  };
  static constexpr std::array<Word, 5> words{{{"none", BindTo::none, false},
                                              {"cores", BindTo::core, false},
                                              {"threads", BindTo::core, true},
                                              {"ldoms", BindTo::numa, false},
                                              {"sockets", BindTo::socket, false}}};
  if (const auto* const word = std::ranges::find(words, given.value, &Word::text);
      word != words.end()) {
    binding.bind_to = word->bind_to;
    binding.one_thread = word->one_thread;
    return {};
  }
  std::optional<std::vector<model::CpuSet>> cpus;
  if (const auto list = after_word(given.value, "map_cpu")) cpus = read_list(*list, one_cpu);
  if (const auto list = after_word(given.value, "mask_cpu")) cpus = read_list(*list, mask);
  if (!cpus) {
    return expected_words(
        given,
        "none, cores, threads, ldoms, sockets, map_cpu: with numbers such as 0,1*2, "
        "or mask_cpu: with hexadecimal masks such as 0x3,0xc");
  }
  binding.cpus = *std::move(cpus);
  return {};
}

base::Result<void> read_map_by(const Given& given, Binding& binding) {
  if (given.value == "node") {
    binding.by_node = true;
    return {};
  }
  binding.map_by = model::map_by_from_text(given.value);
  if (!binding.map_by) return expected_words(given, "core, numa, socket or node");
  return {};
}

/// Over the nodes, then over the sockets of each.
base::Result<void> read_distribution(const Given& given, Binding& binding) {
  const std::string_view value = given.value;
  const auto colon = value.find(':');
  const auto nodes = value.substr(0, colon);
  const auto sockets =
      colon == std::string_view::npos ? std::string_view() : value.substr(colon + 1);
  const bool is_known =
      (nodes == "block" || nodes == "cyclic") &&
      (colon == std::string_view::npos || sockets == "block" || sockets == "cyclic");
  if (!is_known)
    return expected_words(given, "block or cyclic, for the nodes, and :block or :cyclic after it");
  binding.by_node = nodes == "cyclic";
  if (sockets == "block") binding.map_by = MapBy::core;
  if (sockets == "cyclic") binding.map_by = MapBy::socket;
  return {};
}

base::Result<void> read_gpu_bind(const Given& given, Binding& binding) {
  if (given.value == "none" || given.value == "closest") {
    binding.gpu_bind = model::gpu_bind_from_text(given.value);
    return {};
  }
  if (const auto count = after_word(given.value, "single")) {
    const auto ranks = base::parse_int(*count, 1, most_repeats);
    binding.gpu_bind = model::GpuBind::single;
    binding.ranks_per_gpu = static_cast<int>(ranks.value_or(0));
    if (ranks) return {};
  }
  if (const auto list = after_word(given.value, "map_gpu")) {
    auto gpus = read_list(*list, place_number);
    binding.gpu_bind = model::GpuBind::map;
    if (gpus) {
      binding.gpus = *std::move(gpus);
      return {};
    }
  }
  return expected_words(given,
                        "none, closest, single: with the number of ranks for each GPU, or map_gpu: "
                        "with numbers such as 0,1*2");
}

base::Result<void> read_mem_bind(const Given& given, Binding& binding) {
  const auto known = model::mem_bind_from_text(given.value);
  if (!known) return expected_words(given, "none, local, prefer or interleave");
  binding.mem_bind = *known;
  return {};
}

base::Result<void> read_hint(const Given& given, Binding& binding) {
  if (given.value != "nomultithread") return expected_words(given, "nomultithread");
  binding.one_thread = true;
  return {};
}

/// Two options that say the same thing in the words of two launchers.
base::Result<void> only_one_of(std::span<const Given> given, OptionId a, OptionId b) {
  const auto* first = find(given, a);
  const auto* second = find(given, b);
  if (first == nullptr || second == nullptr) return {};
  return base::fail(base::Code::invalid,
                    fmt::format("{} and {} both say where ranks are; leave one of them out",
                                first->written, second->written));
}

}  // namespace

base::Result<void> apply_binding(std::span<const Given> given, model::StepSpec& step) {
  for (const auto& [a, b] : {std::pair(OptionId::bind_to, OptionId::cpu_bind),
                             std::pair(OptionId::map_by, OptionId::distribution)}) {
    if (auto fine = only_one_of(given, a, b); !fine) return fine;
  }
  using Read = base::Result<void> (*)(const Given&, Binding&);
  for (const auto& [id, read] : {std::pair<OptionId, Read>(OptionId::bind_to, read_bind_to),
                                 {OptionId::cpu_bind, read_cpu_bind},
                                 {OptionId::map_by, read_map_by},
                                 {OptionId::distribution, read_distribution},
                                 {OptionId::gpu_bind, read_gpu_bind},
                                 {OptionId::mem_bind, read_mem_bind},
                                 {OptionId::hint, read_hint}}) {
    const auto* const one = find(given, id);
    if (one == nullptr) continue;
    if (auto fine = read(*one, step.binding); !fine) return fine;
  }
  step.binding.fill = has(given, OptionId::fill);
  step.binding.overcommit = has(given, OptionId::overcommit);
  return model::check(step.binding, step.gpus_per_task);
}

}  // namespace request
