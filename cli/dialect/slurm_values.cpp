#include "cli/dialect/slurm_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/dialect/slurm_gpus.h"
#include "cli/dialect/table.h"
#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "lib/base/text.h"

namespace dialect {

namespace {

using request::OptionId;
using request::PlacedOption;

constexpr std::int64_t most_nice = 2'147'483'645;
constexpr std::int64_t default_nice = 100;
constexpr std::int64_t highest_priority = 1000;

/// Where one name is possible of those that are joined by commas: the first.
base::Result<void> convert_first(const PlacedOption& one, OptionId id, Translation& out) {
  const auto names = base::split(one.given.value, ',');
  if (names.size() > 1) {
    out.note(one, fmt::format("of {} only the first name counts, '{}'", one.given.written,
                              base::printable(names.front())));
  }
  out.add(id, std::string(names.front()), one);
  return {};
}

/// A file name whose '%' are all understood by submit. As sbatch has it, a backslash takes their
/// meaning from all of them, and letters without meaning stay.
base::Result<void> convert_file(const PlacedOption& one, OptionId id, Translation& out) {
  constexpr std::string_view letters = "%AaJjNnstuxbr";
  const std::string_view name = one.given.value;
  const bool is_plain = name.contains('\\');
  std::string file;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\') continue;
    file += name[i];
    if (name[i] != '%') continue;
    const auto letter = name.find_first_not_of("0123456789", i + 1);
    const bool is_known = letter != std::string_view::npos && letters.contains(name[letter]);
    if (is_plain || !is_known) {
      file += '%';
    } else {
      file += name.substr(i + 1, letter - i);
      i = letter;
    }
  }
  out.add(id, std::move(file), one);
  return {};
}

base::Result<void> convert_open_mode(const PlacedOption& one, Translation& out) {
  const std::string_view mode = one.given.value;
  if (mode == "a" || mode == "t") {
    out.add(OptionId::open_mode, mode == "a" ? "append" : "truncate", one);
  } else {
    out.add(OptionId::open_mode, one.given.value, one);
  }
  return {};
}

/// "[0-4]" is "0-4".
base::Result<void> convert_array(const PlacedOption& one, Translation& out) {
  auto list = one.given.value;
  std::erase_if(list, [](char c) { return c == '[' || c == ']'; });
  out.add(OptionId::array, std::move(list), one);
  return {};
}

base::Result<void> convert_exclusive(const PlacedOption& one, Translation& out) {
  const std::string_view whom = one.given.value;
  if (!whom.empty() && whom != "user" && whom != "mcs" && whom != "topo")
    return not_expected(one, "nothing, user, mcs or topo");
  if (!whom.empty())
    out.note(one, fmt::format("{}={}: the nodes are shared with nobody, not even with other jobs "
                              "of the same user",
                              one.given.written, whom));
  out.add(OptionId::exclusive, "", one);
  return {};
}

base::Result<void> convert_memory(const PlacedOption& one, OptionId id, Translation& out,
                                  Together& together) {
  const std::string_view value = one.given.value;
  const auto end = value.find_first_not_of('0');
  const bool is_zero = end != 0 && (end == std::string_view::npos ||
                                    std::string_view("kKmMgGtT").contains(value[end]));
  together.no_memory_limit.reset();
  together.mem_per_gpu.reset();  // what is said later counts
  if (!is_zero) {
    out.add(id, one.given.value, one);
    return {};
  }
  std::erase_if(out.options, [](const PlacedOption& other) {
    return other.given.id == static_cast<int>(OptionId::mem) ||
           other.given.id == static_cast<int>(OptionId::mem_per_cpu);
  });
  together.no_memory_limit = one;
  return {};
}

base::Result<void> convert_nice(const PlacedOption& one, Translation& out) {
  const auto wanted = one.given.value.empty()
                          ? std::optional(default_nice)
                          : base::parse_int(one.given.value, -most_nice, most_nice);
  if (!wanted)
    return not_expected(one, fmt::format("nothing or a whole number up to {}", most_nice));
  const auto priority = std::clamp(-*wanted, -highest_priority, highest_priority);
  if (priority != -*wanted)
    out.note(one, fmt::format("{}={}: priorities are from {} to {}, so this is --priority={}",
                              one.given.written, one.given.value, -highest_priority,
                              highest_priority, priority));
  out.add(OptionId::priority, std::to_string(priority), one);
  return {};
}

/// "2K" is 2048, "1K-2K" 1024-2048.
base::Result<void> convert_nodes(const PlacedOption& one, Translation& out) {
  std::string value;
  for (const auto part : base::split(one.given.value, '-')) {
    if (!value.empty()) value += '-';
    const bool is_kilo = part.ends_with('k') || part.ends_with('K');
    const auto number = is_kilo ? base::parse_int(part.substr(0, part.size() - 1), 1, 1000)
                                : std::optional<std::int64_t>();
    value += number ? std::to_string(*number * 1024) : std::string(part);
  }
  out.add(OptionId::nodes, std::move(value), one);
  return {};
}

/// "12/24/26" and "122426" as "2026-12-24"; others as they are.
std::string with_date(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789/"), text.size());
  const auto date = text.substr(0, end);
  const auto clock = end < text.size() && text[end] == '-' ? "T" + std::string(text.substr(end + 1))
                                                           : std::string(text.substr(end));
  const auto parts = base::split(date, '/');
  if (parts.size() == 3 && (parts[2].size() == 2 || parts[2].size() == 4)) {
    const auto century = parts[2].size() == 2 ? "20" : "";
    return fmt::format("{}{}-{:0>2}-{:0>2}{}", century, parts[2], parts[0], parts[1], clock);
  }
  if (parts.size() == 1 && date.size() == 6 && !clock.starts_with(':'))
    return fmt::format("20{}-{}-{}{}", date.substr(4), date.substr(0, 2), date.substr(2, 2), clock);
  return std::string(text);
}

base::Result<void> convert_moment(const PlacedOption& one, OptionId id, Translation& out) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> words{
      {{"teatime", "16:00"}, {"fika", "15:00"}, {"elevenses", "11:00"}}};
  const auto lower = base::to_lower(one.given.value);
  const auto* const found =
      std::ranges::find(words, lower, &std::pair<std::string_view, std::string_view>::first);
  out.add(id, found != words.end() ? std::string(found->second) : with_date(one.given.value), one);
  return {};
}

base::Result<void> convert_dependency(const PlacedOption& one, Translation& out) {
  constexpr std::string_view burst = "afterburstbuffer";
  auto value = one.given.value;
  if (value.starts_with("expand:") || value.contains(",expand:"))
    return refused(one, "jobs are not made larger by others; say --nodes=2-8 --grow-after=TIME");
  for (auto at = value.find(burst); at != std::string::npos; at = value.find(burst, at)) {
    value.replace(at, burst.size(), "afterany");
    out.note(one, "afterburstbuffer is taken as afterany: there are no burst buffers");
  }
  while (value.ends_with(',') || value.ends_with('?')) value.pop_back();
  for (auto at = value.find("_*"); at != std::string::npos; at = value.find("_*"))
    value.erase(at, 2);
  out.add(OptionId::dependency, std::move(value), one);
  return {};
}

base::Result<void> convert_constraint(const PlacedOption& one, Translation& out) {
  std::string_view value = one.given.value;
  const auto inner = [&] { return value.size() < 2 ? value : value.substr(1, value.size() - 2); };
  const bool is_plain = inner().find_first_of("[]()*") == std::string_view::npos;
  if (value.starts_with('[') && value.ends_with(']') && is_plain) {
    out.note(one, "each node may have any of the features, not all the same one");
    value = inner();
  } else if (value.starts_with('(') && value.ends_with(')') && is_plain) {
    value = inner();
  }
  out.add(OptionId::constraint, std::string(value), one);
  return {};
}

/// Without the server of a license: "matlab@db:2" is "matlab:2".
base::Result<void> convert_licenses(const PlacedOption& one, Translation& out) {
  std::vector<std::string> licenses;
  for (const auto part : base::split(one.given.value, ',')) {
    auto license = std::string(part);
    if (const auto at = license.find('@'); at != std::string::npos) {
      const auto count = std::min(license.find(':', at), license.size());
      out.note(one, fmt::format("'{}' has no effect: licenses are this cluster's",
                                base::printable(license.substr(at, count - at))));
      license.erase(at, count - at);
    }
    licenses.push_back(std::move(license));
  }
  out.add(OptionId::licenses, base::join(licenses, ","), one);
  return {};
}

std::string in_capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return 'a' <= c && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return text;
}

/// As sbatch has it, ALL, NONE and NIL may be written in small letters.
base::Result<void> convert_export(const PlacedOption& one, Translation& out) {
  const auto comma = std::min(one.given.value.find(','), one.given.value.size());
  const auto upper = in_capitals(one.given.value.substr(0, comma));
  const bool is_word = upper == "ALL" || upper == "NONE" || upper == "NIL";
  out.add(OptionId::environment, is_word ? upper + one.given.value.substr(comma) : one.given.value,
          one);
  return {};
}

base::Result<void> convert_signal(const PlacedOption& one, Translation& out) {
  auto value = one.given.value;
  const auto colon = value.find(':');
  const auto whom = value.substr(0, colon);
  if (colon != std::string::npos && whom.contains('R')) {
    out.note(one, "'R:' has no effect: no reservation sends signals");
    value = (whom.contains('B') ? "B:" : "") + value.substr(colon + 1);
  }
  out.add(OptionId::signal, in_capitals(value), one);
  return {};
}

base::Result<void> convert_hint(const PlacedOption& one, Translation& out) {
  const std::string_view hint = one.given.value;
  constexpr std::array known{"compute_bound", "memory_bound", "multithread", "nomultithread"};
  if (std::ranges::find(known, hint) == known.end())
    return not_expected(one, "compute_bound, memory_bound, multithread or nomultithread");
  out.variables.erase("SLURM_THREADS_PER_CORE");
  if (hint == "nomultithread") {
    out.variables["SLURM_THREADS_PER_CORE"] = "1";
  } else {
    out.note(one, fmt::format("{} has no effect: tasks get whole cores; the steps of the job find "
                              "it in SLURM_HINT",
                              one.given.written));
  }
  return {};
}

base::Result<void> check_input(const PlacedOption& one, Translation& /*out*/) {
  if (one.given.value == "/dev/null" || one.given.value == "none") return {};
  return refused(one,
                 "a script has no input; let what reads it do so: ./program <FILE (in the script)");
}

base::Result<void> check_invalid_dependency(const PlacedOption& one, Translation& out) {
  if (one.given.value != "yes" && one.given.value != "no") return not_expected(one, "yes or no");
  if (one.given.value == "no")
    out.note(one, fmt::format("{}=no has no effect: a job whose dependency can never be met is "
                              "cancelled",
                              one.given.written));
  return {};
}

/// "nvcr.io#nvidia/pytorch:24.01" is "nvcr.io/nvidia/pytorch:24.01".
base::Result<void> convert_image(const PlacedOption& one, Translation& out) {
  auto image = one.given.value;
  std::ranges::replace(image, '#', '/');
  out.add(OptionId::image, std::move(image), one);
  return {};
}

struct Converter {
  SlurmId id;
  base::Result<void> (*convert)(const PlacedOption& one, Translation& out, Together& together);
};

/// What counts with others waits for them.
template <std::optional<PlacedOption> Together::* member>
base::Result<void> keep(const PlacedOption& one, Translation& /*out*/, Together& together) {
  together.*member = one;
  return {};
}

template <base::Result<void> (*alone)(const PlacedOption&, Translation&)>
base::Result<void> by(const PlacedOption& one, Translation& out, Together& /*together*/) {
  return alone(one, out);
}

template <auto with_option, OptionId id>
base::Result<void> as(const PlacedOption& one, Translation& out, Together& /*together*/) {
  return with_option(one, id, out);
}

template <OptionId id>
base::Result<void> as_memory(const PlacedOption& one, Translation& out, Together& together) {
  return convert_memory(one, id, out, together);
}

constexpr auto converters = std::to_array<Converter>({
    {SlurmId::array, by<convert_array>},
    {SlurmId::begin, as<convert_moment, OptionId::begin>},
    {SlurmId::constraint, by<convert_constraint>},
    {SlurmId::container_image, by<convert_image>},
    {SlurmId::cpus_per_gpu, keep<&Together::cpus_per_gpu>},
    {SlurmId::deadline, as<convert_moment, OptionId::deadline>},
    {SlurmId::dependency, by<convert_dependency>},
    {SlurmId::environment, by<convert_export>},
    {SlurmId::error, as<convert_file, OptionId::error>},
    {SlurmId::exclusive, by<convert_exclusive>},
    {SlurmId::gpus, keep<&Together::gpus>},
    {SlurmId::gpus_per_node, keep<&Together::gpus_per_node>},
    {SlurmId::gpus_per_socket, keep<&Together::gpus_per_socket>},
    {SlurmId::gpus_per_task, keep<&Together::gpus_per_task>},
    {SlurmId::gres, convert_gres},
    {SlurmId::hint, by<convert_hint>},
    {SlurmId::input, by<check_input>},
    {SlurmId::kill_on_invalid_dep, by<check_invalid_dependency>},
    {SlurmId::licenses, by<convert_licenses>},
    {SlurmId::mem, as_memory<OptionId::mem>},
    {SlurmId::mem_per_cpu, as_memory<OptionId::mem_per_cpu>},
    {SlurmId::mem_per_gpu, keep<&Together::mem_per_gpu>},
    {SlurmId::nice, by<convert_nice>},
    {SlurmId::nodes, by<convert_nodes>},
    {SlurmId::ntasks_per_gpu, keep<&Together::ntasks_per_gpu>},
    {SlurmId::open_mode, by<convert_open_mode>},
    {SlurmId::output, as<convert_file, OptionId::output>},
    {SlurmId::reservation, as<convert_first, OptionId::booking>},
    {SlurmId::signal, by<convert_signal>},
    {SlurmId::tres_per_task, convert_tres},
});

}  // namespace

base::Result<void> convert(const PlacedOption& one, Translation& out, Together& together) {
  const auto* const found =
      std::ranges::find(converters, static_cast<SlurmId>(one.given.id), &Converter::id);
  base::check(found != converters.end(), "each option that is converted has a converter");
  return found->convert(one, out, together);
}

std::string mebibytes_of(const std::string& size) {
  const auto bytes = base::parse_memory(size);
  if (!bytes) return size;
  auto text = in_mebibytes(bytes->count());
  text.pop_back();
  return text;
}

}  // namespace dialect
