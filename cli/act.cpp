#include "cli/act.h"

#include <fmt/format.h>

#include "cli/api.h"
#include "cli/terminal.h"

namespace cli {

Outcome act_on_jobs(const options::Parsed& line, std::string_view action, std::string_view query) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto jobs = some_jobs(*api, line);
  if (!jobs) return std::unexpected(jobs.error());
  int exit_code = exit_done;
  for (const auto& job : *jobs) {
    const auto done = api->post(job_target(job, fmt::format("/{}{}", action, query)), "{}");
    if (done) continue;
    if (done.error().exit_code != exit_refused) return std::unexpected(done.error());
    print_error(fmt::format("muster {}: {}\n", action, done.error().text));
    exit_code = exit_refused;
  }
  return exit_code;
}

}  // namespace cli
