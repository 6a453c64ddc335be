// priority: which waiting job comes first, and what makes it so.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/table.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array priority_table{json_option, dir_option, help_option};

const std::vector<render::Column> columns{{"ID", true},        {"ALIKE", true},    {"USER"},
                                          {"CLASS"},           {"BASE", true},     {"WAIT", true},
                                          {"PREDICTED", true}, {"USED/DUE", true}, {"FAIR", true},
                                          {"SIZE", true},      {"RANK", true}};

std::string percent(double part) {
  return fmt::format("{:.0f}%", 100 * part);
}

render::Cells cells(const model::PriorityTerms& terms) {
  return {to_text(terms.job),
          fmt::format("{}", terms.n_alike),
          terms.workspace.empty() ? terms.user : terms.user + "@" + terms.workspace,
          terms.class_name,
          fmt::format("{}", terms.base),
          base::to_text(std::chrono::floor<std::chrono::seconds>(terms.wait)),
          base::to_text(std::chrono::floor<std::chrono::seconds>(terms.predicted)),
          percent(terms.use) + "/" + percent(terms.due),
          fmt::format("{:.2f}", terms.fair_share),
          percent(terms.size),
          terms.is_overdue ? "overdue" : fmt::format("{:.4g}", terms.rank)};
}

Outcome priority(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  if (!line.rest.empty())
    return misuse(
        fmt::format("expected no '{}'; all kinds of waiting jobs are listed", line.rest.front()));
  return print_answer(line, api->get("/v1/priorities"), wire::priorities_from_json,
                      [](const auto& priorities) {
                        std::vector<render::Cells> rows;
                        std::ranges::transform(priorities, std::back_inserter(rows), cells);
                        return render::table(columns, rows, view().width);
                      });
}

}  // namespace

constinit const Verb priority_verb{
    "priority",
    "[OPTIONS]",
    "List the waiting jobs that may start, the first one first, and why.",
    "One line for each kind of jobs that differ in nothing but their age: the oldest, and how many "
    "are ALIKE. Higher BASE (the class and the job's own priority) comes first, then jobs that are "
    "overdue, then the higher RANK. In the order predicted that is (WAIT + 1 hour) / PREDICTED run "
    "time, multiplied for owners that have USED less lately than is their DUE (FAIR, from 1 to 0), "
    "and for large jobs (SIZE, the part of the cluster that the job asks for). In the order served "
    "2^-RANK is about the work, in seconds x cores, that is expected to be spent for one end.",
    [] { return std::span<const options::Option>(priority_table); },
    options::Operands::anywhere,
    priority};

}  // namespace cli
