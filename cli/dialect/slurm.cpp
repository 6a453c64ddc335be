// sbatch's options, row by row.

#include <fmt/format.h>

#include <utility>

#include "cli/dialect/slurm_values.h"
#include "cli/dialect/table.h"
#include "cli/dialect/translation.h"
#include "lib/base/bytes.h"
#include "lib/base/text.h"

namespace dialect {

namespace {

bool is(const request::PlacedOption& one, SlurmId id) {
  return one.given.id == static_cast<int>(id);
}

bool is_of_memory(SlurmId id) {
  return id == SlurmId::mem || id == SlurmId::mem_per_cpu || id == SlurmId::mem_per_gpu;
}

/// One way to ask for memory takes the place of the others, in the variables too.
void set_variable(const request::PlacedOption& one, const Row& row, model::Environment& variables) {
  if (row.output.empty()) return;
  if (is_of_memory(static_cast<SlurmId>(row.id))) {
    for (const auto* other : {"SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_MEM_PER_GPU"})
      variables.erase(other);
    if (auto size = mebibytes_of(one.given.value); size != "0")
      variables[std::string(row.output)] = std::move(size);
    return;
  }
  if (is(one, SlurmId::environment) && one.given.value == "ALL") {
    variables.erase(std::string(row.output));  // for that is what steps do anyway
    return;
  }
  variables[std::string(row.output)] = row.placeholder.empty() ? "1" : one.given.value;
  if (is(one, SlurmId::open_mode)) variables["SLURM_OPEN_MODE"].resize(1);
  if (is(one, SlurmId::ntasks)) variables["SLURM_NPROCS"] = one.given.value;
}

/// Of options that do nothing only the last one given is told of.
bool is_last(const request::PlacedOption& one, std::span<const request::PlacedOption> given) {
  const request::PlacedOption* last = nullptr;
  for (const auto& other : given) {
    if (other.given.id == one.given.id) last = &other;
  }
  return last == &one;
}

base::Result<void> take(const request::PlacedOption& one,
                        std::span<const request::PlacedOption> given, Translation& out,
                        Together& together) {
  const auto& wanted = row(model::Dialect::slurm, one.given.id);
  set_variable(one, wanted, out.variables);
  if (is(one, SlurmId::sockets_per_node)) together.sockets = one;
  if (is(one, SlurmId::cpus_per_task)) together.cpus_per_gpu.reset();  // what is said later counts
  switch (wanted.status) {
    case Status::same:
      out.add(*wanted.native, one.given.value, one);
      return {};
    case Status::converted:
      return convert(one, out, together);
    case Status::refused:
      return refused(one, wanted.text);
    case Status::noted:
      if (is_last(one, given))
        out.note(one, fmt::format("{} has no effect: {}", one.given.written, wanted.text));
      return {};
    case Status::own:
      if (one.place != command_line)
        out.note(one, fmt::format("{} has no effect: it is for the command line of sbatch",
                                  one.given.written));
      return {};
  }
  return {};
}

/// What sbatch takes as set for an option without a value.
bool is_set(std::string_view value) {
  const auto number = base::parse_int(value, INT64_MIN, INT64_MAX);
  return value.empty() || value == "yes" || (number && *number != 0);
}

}  // namespace

std::string in_mebibytes(std::uint64_t bytes) {
  constexpr auto mebibyte = base::kib * base::kib;
  return fmt::format("{}M", bytes / mebibyte + (bytes % mebibyte == 0 ? 0 : 1));
}

void Translation::add(request::OptionId id, std::string value, const request::PlacedOption& from) {
  options.push_back({.given = {.id = static_cast<int>(id),
                               .value = std::move(value),
                               .written = from.given.written},
                     .place = from.place});
}

void Translation::note(const request::PlacedOption& from, std::string_view what) {
  notes.push_back(fmt::format("{}: {}", from.place, what));
}

std::unexpected<base::Error> not_expected(const request::PlacedOption& one,
                                          std::string_view expected) {
  return refused(
      one, fmt::format("expected {}, found '{}'", expected, base::printable(one.given.value)));
}

std::unexpected<base::Error> refused(const request::PlacedOption& one, std::string_view why) {
  return base::fail(base::Code::invalid,
                    fmt::format("{}: {}: {}", one.place, one.given.written, why));
}

base::Result<Translation> from_slurm(std::span<const request::PlacedOption> given) {
  Translation out;
  Together together;
  for (const auto& one : given) {
    if (auto taken = take(one, given, out, together); !taken) return std::unexpected(taken.error());
  }
  if (auto rest = convert(together, out); !rest) return std::unexpected(rest.error());
  return out;
}

std::vector<request::PlacedOption> slurm_options_in(const model::Environment& environment) {
  std::vector<request::PlacedOption> options;
  for (const auto& one : rows(model::Dialect::slurm)) {
    if (one.input.empty()) continue;
    const auto found = environment.find(std::string(one.input));
    if (found == environment.end()) continue;
    const bool is_flag = one.placeholder.empty();
    if (is_flag && !is_set(found->second)) continue;
    options.push_back(
        {.given = {.id = one.id,
                   .value = is_flag ? std::string() : found->second,
                   .written = spelling(one)},
         .place = fmt::format("environment: {}={}", one.input, base::printable(found->second))});
  }
  return options;
}

}  // namespace dialect
