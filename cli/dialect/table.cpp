#include "cli/dialect/table.h"

#include <algorithm>
#include <array>

#include "lib/base/check.h"

namespace dialect {

namespace {

using request::OptionId;

constexpr auto slurm_rows = std::to_array<Row>({
#define SAME(id, name, letter, placeholder, native, input, output) \
  {static_cast<int>(SlurmId::id),                                  \
   Status::same,                                                   \
   name,                                                           \
   letter,                                                         \
   placeholder,                                                    \
   OptionId::native,                                               \
   input,                                                          \
   output,                                                         \
   ""},
#define CONVERTED(id, name, letter, placeholder, input, output, text) \
  {static_cast<int>(SlurmId::id),                                     \
   Status::converted,                                                 \
   name,                                                              \
   letter,                                                            \
   placeholder,                                                       \
   std::nullopt,                                                      \
   input,                                                             \
   output,                                                            \
   text},
#define NOTED(id, name, letter, placeholder, input, output, text) \
  {static_cast<int>(SlurmId::id),                                 \
   Status::noted,                                                 \
   name,                                                          \
   letter,                                                        \
   placeholder,                                                   \
   std::nullopt,                                                  \
   input,                                                         \
   output,                                                        \
   text},
#define REFUSED(id, name, letter, placeholder, text) \
  {static_cast<int>(SlurmId::id),                    \
   Status::refused,                                  \
   name,                                             \
   letter,                                           \
   placeholder,                                      \
   std::nullopt,                                     \
   "",                                               \
   "",                                               \
   text},
#define OWN(id, name, letter, placeholder, input, text) \
  {static_cast<int>(SlurmId::id),                       \
   Status::own,                                         \
   name,                                                \
   letter,                                              \
   placeholder,                                         \
   std::nullopt,                                        \
   input,                                               \
   "",                                                  \
   text},
#define ALIAS(id, name) \
  {static_cast<int>(SlurmId::id), Status::same, name, 0, "", std::nullopt, "", "", ""},
#include "cli/dialect/slurm.def"
#undef SAME
#undef CONVERTED
#undef NOTED
#undef REFUSED
#undef OWN
#undef ALIAS
});

constexpr auto pbs_rows = std::to_array<Row>({
#define SAME(id, letter, placeholder, native) \
  {static_cast<int>(PbsId::id),               \
   Status::same,                              \
   "",                                        \
   letter,                                    \
   placeholder,                               \
   OptionId::native,                          \
   "",                                        \
   "",                                        \
   ""},
#define CONVERTED(id, letter, placeholder, text) \
  {static_cast<int>(PbsId::id),                  \
   Status::converted,                            \
   "",                                           \
   letter,                                       \
   placeholder,                                  \
   std::nullopt,                                 \
   "",                                           \
   "",                                           \
   text},
#define NOTED(id, letter, placeholder, text) \
  {static_cast<int>(PbsId::id), Status::noted, "", letter, placeholder, std::nullopt, "", "", text},
#define REFUSED(id, letter, placeholder, text) \
  {static_cast<int>(PbsId::id),                \
   Status::refused,                            \
   "",                                         \
   letter,                                     \
   placeholder,                                \
   std::nullopt,                               \
   "",                                         \
   "",                                         \
   text},
#define OWN(id, letter, placeholder, text) \
  {static_cast<int>(PbsId::id), Status::own, "", letter, placeholder, std::nullopt, "", "", text},
#include "cli/dialect/pbs.def"
#undef SAME
#undef CONVERTED
#undef NOTED
#undef REFUSED
#undef OWN
});

/// A further name is written as the row before it is.
template <std::size_t size>
constexpr auto as_options(const std::array<Row, size>& from) {
  std::array<options::Option, size> table{};
  std::string_view placeholder;
  for (std::size_t i = 0; i < size; ++i) {
    const bool is_alias = i > 0 && from[i - 1].id == from[i].id;
    if (!is_alias) placeholder = from[i].placeholder;
    table[i] = {from[i].id, from[i].name, from[i].letter, placeholder, from[i].text};
  }
  return table;
}

constexpr auto slurm_options = as_options(slurm_rows);
constexpr auto pbs_options = as_options(pbs_rows);

}  // namespace

std::span<const Row> rows(model::Dialect dialect) {
  if (dialect == model::Dialect::slurm) return slurm_rows;
  return pbs_rows;
}

const Row& row(model::Dialect dialect, int id) {
  const auto all = rows(dialect);
  const auto found = std::ranges::find(all, id, &Row::id);
  base::check(found != all.end(), "each option of a dialect has a row");
  return *found;
}

std::span<const options::Option> options_of(model::Dialect dialect) {
  if (dialect == model::Dialect::slurm) return slurm_options;
  return pbs_options;
}

std::string spelling(const Row& row) {
  return row.name.empty() ? std::string("-") + row.letter : "--" + std::string(row.name);
}

}  // namespace dialect
