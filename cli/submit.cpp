// submit: makes a job of a script or a command.

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "cli/api.h"
#include "cli/render/records.h"
#include "cli/render/table.h"
#include "cli/render/usage.h"
#include "cli/request/submission.h"
#include "cli/request/table.h"
#include "cli/submit_files.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/loop/clock.h"
#include "lib/loop/secret.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::size_t submit_token_bytes = 16;
constexpr std::size_t longest_value = 60;  // of an option that is explained, in columns

std::span<const options::Option> submit_table() {
  return request::table(request::Place::submit);
}

Try<std::optional<request::ScriptFile>> script_of(const options::Parsed& line) {
  const auto source = request::source_of(line, ::isatty(STDIN_FILENO) == 1);
  if (!source) return misuse(source.error().text);
  if (*source == request::Source::wrapped || *source == request::Source::command) {
    return std::nullopt;
  }
  auto file = read_script_file(*source == request::Source::file ? line.rest.front() : "-");
  if (!file) return std::unexpected(file.error());
  return std::move(*file);
}

Try<request::Submission> submission_of(const options::Parsed& line) {
  const auto script = script_of(line);
  if (!script) return std::unexpected(script.error());
  auto directory = present_directory();
  if (!directory) return refuse(directory.error());
  auto submission =
      request::make_submission(line, *script, {*directory, environment(), loop::now()});
  if (!submission) return refuse(submission.error());
  for (const auto& warning : submission->warnings) {
    print_error(fmt::format("submit: warning: {}\n", warning));
  }
  if (const auto fine = check_places(submission->spec); !fine) {
    return std::unexpected(fine.error());
  }
  return std::move(*submission);
}

Outcome wait_and_tell(const Api& api, model::JobId job) {
  const auto record = wait_for(api, {job});
  if (!record) return std::unexpected(record.error());
  if (record->state != model::JobState::completed) {
    print_error(fmt::format("submit: job {}: {}\n", to_text(job), wire::summary_of(*record)));
  }
  if (is_watched()) print_error(render::efficiency_line(*record));
  return exit_code_of(*record);
}

/// Asks what would become of the submission.
Outcome test(const Api& api, const std::string& body) {
  const auto reply = api.post("/v1/advice", body);
  if (!reply) return std::unexpected(reply.error());
  const auto advice = wire::advice_from_json(*reply);
  if (!advice) return refuse(advice.error());
  print(render::advice(*advice, view()));
  return exit_done;
}

/// Says where each option comes from.
Outcome explain(const request::Submission& submission) {
  const auto layout = model::resolve(submission.spec.shape);
  if (!layout) return refuse(layout.error());
  std::vector<render::Cells> rows;
  for (const auto& [option, value, place] : submission.origins)
    rows.push_back({option, value, place});
  print(render::table({{"OPTION"}, {.title = "VALUE", .most = longest_value}, {"FROM"}}, rows,
                      view().width));
  print(fmt::format("The job asks for {}.\n", render::request_text(*layout)));
  return exit_done;
}

Outcome submit(const options::Parsed& line) {
  auto submission = submission_of(line);
  if (!submission) return std::unexpected(submission.error());
  if (request::has(line.given, request::OptionId::explain)) return explain(*submission);
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  submission->spec.token = loop::random_hex(submit_token_bytes);
  const auto body = wire::to_json(submission->spec);
  if (!body) return refuse(body.error());
  if (submission->test_only) return test(*api, *body);
  const auto reply = api->post("/v1/jobs", *body);
  if (!reply) return std::unexpected(reply.error());
  const auto submitted = wire::submit_reply_from_json(*reply);
  if (!submitted) return refuse(submitted.error());
  for (const auto& note : submitted->notes) print_error(fmt::format("submit: {}\n", note));
  const auto job = submitted->job;
  print(submission->parsable ? fmt::format("{}\n", to_text(job))
                             : fmt::format("Submitted batch job {}\n", to_text(job)));
  if (!submission->wait) return exit_done;
  const int written = finish_output(exit_done);
  return written == exit_done ? wait_and_tell(*api, job) : written;
}

}  // namespace

constinit const Verb submit_verb{
    "submit",
    "[OPTIONS] SCRIPT [ARGUMENTS]\n[OPTIONS] FILE.toml [ARGUMENTS]\n"
    "[OPTIONS] -- COMMAND [ARGUMENTS]",
    "Submit a script, a job file or a command as a job.",
    "The script's options stand in its #SUBMIT (or #SBATCH) lines before the first command; those "
    "of "
    "the command line win. Without a script, or with '-', it is read from standard input. The "
    "script is kept as it is now; later changes have no effect.\n"
    "A file whose name ends with .toml is a job file: its keys are the long names of the options.\n"
    "Prints 'Submitted batch job ID'. The command is also there by the name submit.",
    submit_table,
    options::Operands::end_options,
    submit};

}  // namespace cli
