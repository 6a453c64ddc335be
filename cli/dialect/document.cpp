#include "cli/dialect/document.h"

#include <fmt/format.h>

#include "cli/dialect/table.h"
#include "lib/base/check.h"

namespace dialect {

namespace {

std::string cell(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '|') plain += '\\';
    plain += c;
  }
  return plain;
}

std::string_view name_of(request::OptionId id) {
  for (const auto& option : request::table(request::Place::directive)) {
    if (option.id == static_cast<int>(id)) return option.name;
  }
  base::check(false, "what stands in other scripts may stand in ours");
  return "";
}

/// "`-N`, `--nodes=COUNT`"
std::string spelled(const Row& row, std::string_view placeholder) {
  std::string text;
  if (row.letter != 0) text = fmt::format("`-{}`", row.letter);
  if (row.name.empty())
    return placeholder.empty() ? text : fmt::format("`-{} {}`", row.letter, placeholder);
  const bool may_lack = placeholder.starts_with('[') && placeholder.ends_with(']');
  const auto value = placeholder.empty() ? std::string()
                     : may_lack
                         ? fmt::format("[={}]", placeholder.substr(1, placeholder.size() - 2))
                         : fmt::format("={}", placeholder);
  return fmt::format("{}{}`--{}{}`", text, text.empty() ? "" : ", ", row.name, value);
}

std::string becomes(const Row& row) {
  switch (row.status) {
    case Status::same:
      return fmt::format("`--{}`", name_of(*row.native));
    case Status::converted:
      return fmt::format("converted: {}", row.text);
    case Status::noted:
      return fmt::format("accepted, with a note: {}", row.text);
    case Status::refused:
      return fmt::format("refused: {}", row.text);
    case Status::own:
      return fmt::format("command line: {}", row.text);
  }
  return "";
}

std::string table_of(model::Dialect dialect) {
  std::string text;
  const auto all = rows(dialect);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto option = spelled(all[i], all[i].placeholder);
    const auto& row = all[i];
    while (i + 1 < all.size() && all[i + 1].id == row.id)
      option += ", " + spelled(all[++i], row.placeholder);
    if (dialect == model::Dialect::slurm) {
      const auto variable = [](std::string_view name) {
        return name.empty() ? std::string() : fmt::format("`{}`", name);
      };
      text += fmt::format("| {} | {} | {} | {} |\n", cell(option), cell(becomes(row)),
                          variable(row.input), variable(row.output));
    } else {
      text += fmt::format("| {} | {} |\n", cell(option), cell(becomes(row)));
    }
  }
  return text;
}

}  // namespace

std::string tables_of_options() {
  return "### sbatch and #SBATCH\n\n"
         "| option | becomes | read from | set in the job |\n|---|---|---|---|\n" +
         table_of(model::Dialect::slurm) +
         "\n### qsub and #PBS\n\n| option | becomes |\n|---|---|\n" + table_of(model::Dialect::pbs);
}

}  // namespace dialect
