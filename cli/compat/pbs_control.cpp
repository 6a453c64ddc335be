// qdel, qhold, qrls: what changes jobs, as PBS has it.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/job_source.h"
#include "cli/compat/pbs_server.h"
#include "cli/terminal.h"
#include "lib/http/target.h"

namespace cli {

namespace pbs_control {
namespace {

enum ControlId { with_id, history_id, hold_id };

constexpr std::array delete_table = std::to_array<options::Option>({
    {with_id, "with", 'W', "WORDS", "Accepted: force, suppress_email."},
    {history_id, "history", 'x', "", "Accepted."},
});
constexpr std::array hold_table = std::to_array<options::Option>({
    {hold_id, "holds", 'h', "LETTERS", "Accepted: u, o and s are one kind of hold."},
});

/// On each of the jobs; goes on after a refusal, and exits with the code of the last.
Outcome act(std::string_view command, std::string_view action,
            std::span<const options::Option> table, std::span<const std::string> words) {
  const auto line = options::parse(table, words, options::Operands::anywhere);
  if (!line) return refuse(line.error());
  if (line->rest.empty()) return refuse("expected the ids of jobs");
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto with = server_here(*api);
  if (!with) return std::unexpected(with.error());
  int exit_code = exit_done;
  for (const auto& word : line->rest) {
    const auto named = compat::named_pbs_job(word);
    if (!named) return refuse(named.error());
    const auto done = api->post(
        fmt::format("/v1/jobs/{}/{}", http::percent_encode(to_text(*named)), action), "{}");
    if (done) continue;
    if (done.error().exit_code != exit_refused) return std::unexpected(done.error());
    const auto id = pbs_name(word, with->cluster);
    const bool has_finished = done.error().text.contains("already ended");
    exit_code = done.error().is_missing ? exit_unknown_job
                : has_finished          ? exit_finished_job
                                        : exit_refused;
    const auto text = done.error().is_missing ? std::string("Unknown Job Id")
                      : has_finished          ? std::string("Job has finished")
                                              : done.error().text;
    print_error(fmt::format("{}: {} {}\n", command, text, id));
  }
  return exit_code;
}

}  // namespace
}  // namespace pbs_control

Try<compat::Surroundings> server_here(const Api& api) {
  auto with = surroundings(api, true);
  if (with && with->cluster.empty()) with->cluster = "muster";
  return with;
}

std::string pbs_name(std::string_view id, std::string_view server) {
  return id.contains('.') ? std::string(id) : fmt::format("{}.{}", id, server);
}

const CompatCommand qdel_command{.name = "qdel",
                                 .dialect = model::Dialect::pbs,
                                 .usage = "usage: qdel [OPTIONS] ID...\n\nEnd jobs.\n",
                                 .run =
                                     [](std::span<const std::string> words) {
                                       return pbs_control::act("qdel", "cancel",
                                                               pbs_control::delete_table, words);
                                     },
                                 .table = pbs_control::delete_table};

const CompatCommand qhold_command{
    .name = "qhold",
    .dialect = model::Dialect::pbs,
    .usage = "usage: qhold [OPTIONS] ID...\n\nKeep waiting jobs from starting.\n",
    .run =
        [](std::span<const std::string> words) {
          return pbs_control::act("qhold", "hold", pbs_control::hold_table, words);
        },
    .table = pbs_control::hold_table};

const CompatCommand qrls_command{
    .name = "qrls",
    .dialect = model::Dialect::pbs,
    .usage = "usage: qrls [OPTIONS] ID...\n\nLet held jobs start again.\n",
    .run =
        [](std::span<const std::string> words) {
          return pbs_control::act("qrls", "release", pbs_control::hold_table, words);
        },
    .table = pbs_control::hold_table};

}  // namespace cli
