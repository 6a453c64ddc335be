#include "cli/request/table.h"

#include <array>
#include <string_view>
#include <utility>

namespace request {

namespace {

struct Row {
  OptionId id;
  std::string_view name;
  char letter;
  std::string_view uses;
  std::string_view placeholder;
  std::string_view help;
};

constexpr auto rows = std::to_array<Row>({
#define OPTION(id, name, letter, uses, placeholder, help) \
  {OptionId::id, name, letter, uses, placeholder, help},
#define ALIAS(id, name) {OptionId::id, name, 0, "", "", ""},
#include "cli/request/options.def"
#undef OPTION
#undef ALIAS
});

/// The rows of one place; an alias goes with the row before it.
template <char use>
constexpr auto make_table() {
  std::array<options::Option, rows.size()> table{};
  std::size_t n = 0;
  const Row* main_row = nullptr;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_alias = rows[i].uses.empty();
    if (!is_alias) main_row = &rows[i];
    if (!main_row->uses.contains(use)) continue;
    table[n++] = {static_cast<int>(rows[i].id), rows[i].name, rows[i].letter, main_row->placeholder,
                  rows[i].help};
  }
  return std::pair(table, n);
}

constexpr auto submit_table = make_table<'s'>();
constexpr auto directive_table = make_table<'d'>();
constexpr auto run_table = make_table<'r'>();
constexpr auto update_table = make_table<'u'>();

}  // namespace

std::span<const options::Option> table(Place place) {
  switch (place) {
    case Place::submit:
      return std::span(submit_table.first).first(submit_table.second);
    case Place::directive:
      return std::span(directive_table.first).first(directive_table.second);
    case Place::update:
      return std::span(update_table.first).first(update_table.second);
    case Place::run:
      break;
  }
  return std::span(run_table.first).first(run_table.second);
}

}  // namespace request
