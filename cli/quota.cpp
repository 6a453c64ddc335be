// quota: the limits that apply, and who uses how much of them.

#include <fmt/format.h>

#include <array>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/records.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array quota_table{json_option, dir_option, help_option};

Outcome quota(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  if (!line.rest.empty())
    return misuse(fmt::format("expected no '{}'; all limits are listed", line.rest.front()));
  return print_answer(line, api->get("/v1/quotas"), wire::quotas_from_json,
                      [](const auto& quotas) { return render::quota_table(quotas, view()); });
}

}  // namespace

constinit const Verb quota_verb{
    "quota",
    "[OPTIONS]",
    "List the limits that apply to your jobs, and how much of them is used.",
    "One line for each limit of a [[quota]] of muster.toml(5): whose it is, what is USED of the "
    "LIMIT, what is LENT of the unused part and in use by others, and what is BORROWED from "
    "others. "
    "Hours are counted for a period of days that ends today. Root and the owner of the cluster see "
    "those of everybody who holds something or waits.",
    [] { return std::span<const options::Option>(quota_table); },
    options::Operands::anywhere,
    quota};

}  // namespace cli
