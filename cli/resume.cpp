// resume: lets drained nodes take work again, and has those that are not well looked at.

#include <array>

#include "cli/api.h"
#include "cli/request/node_values.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/model/node.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array resume_table{dir_option, help_option};

Outcome resume(const options::Parsed& line) {
  if (line.rest.empty()) return misuse("expected nodes, such as n1 or n[2-4]");
  auto names = request::node_names_from_text(base::join(line.rest, ","));
  if (!names) return misuse(names.error().text);
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto done =
      api->post("/v1/nodes/resume", wire::to_json(model::NodeOrder{.names = *std::move(names)}));
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

}  // namespace

constinit const Verb resume_verb{
    "resume",
    "[OPTIONS] NODE...",
    "Let drained nodes take work again.",
    "See muster drain. Nodes that are not fit, or have a GPU out of "
    "service, are looked at anew, and what the kernel's log said of "
    "them until now is forgotten. For root and the owner of the cluster.",
    [] { return std::span<const options::Option>(resume_table); },
    options::Operands::anywhere,
    resume};

}  // namespace cli
