// version: of this program and of the controller.

#include <fmt/format.h>

#include <array>

#include "cli/api.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array version_table{dir_option, help_option};

Outcome version(const options::Parsed& line) {
  if (!line.rest.empty()) return misuse(fmt::format("expected no '{}'", line.rest.front()));
  print("muster " MUSTER_VERSION "\n");
  const auto api = Api::of(line);
  if (!api || !is_listening(api->cluster().address)) return exit_done;
  const auto body = api->get("/v1/version");
  if (!body) return std::unexpected(body.error());
  const auto theirs = wire::version_from_json(*body);
  if (!theirs) return refuse(theirs.error());
  print(fmt::format("musterd {}, cluster '{}', process {}\n", theirs->version, theirs->cluster,
                    theirs->pid));
  return exit_done;
}

}  // namespace

constinit const Verb version_verb{"version",
                                  "[OPTIONS]",
                                  "Print the version, and that of the cluster if one runs.",
                                  "",
                                  [] { return std::span<const options::Option>(version_table); },
                                  options::Operands::anywhere,
                                  version};

}  // namespace cli
