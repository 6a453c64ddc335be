#include "cli/submit_job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "cli/render/records.h"
#include "cli/render/usage.h"
#include "cli/submit_files.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/secret.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::size_t submit_token_bytes = 16;
constexpr std::size_t longest_host_name = 256;

std::string host_name() {
  std::array<char, longest_host_name> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// For other schedulers a script that a signal ended has no exit code of its own.
int exit_code_for(const model::JobRecord& record, const SubmitStyle& style) {
  const bool by_signal = record.outcome && record.outcome->failure &&
                         record.outcome->failure->cause == model::Cause::signal &&
                         !record.outcome->failure->step;
  if (style.is_foreign && by_signal) return exit_refused;
  return exit_code_of(record);
}

Outcome wait_and_tell(const Api& api, model::JobId job, const SubmitStyle& style) {
  const auto record = wait_for(api, {job});
  if (!record) return std::unexpected(record.error());
  if (record->state != model::JobState::completed && !style.is_quiet) {
    print_error(
        fmt::format("{}: job {}: {}\n", style.who, to_text(job), wire::summary_of(*record)));
  }
  if (is_watched() && !style.is_quiet) print_error(render::efficiency_line(*record));
  return exit_code_for(*record, style);
}

/// Asks what would become of the submission.
Outcome test(const Api& api, const std::string& body, const SubmitStyle& style) {
  const auto reply = api.post("/v1/advice", body);
  if (!reply) return std::unexpected(reply.error());
  const auto advice = wire::advice_from_json(*reply);
  if (!advice) return refuse(advice.error());
  const auto text = render::advice(*advice, view());
  if (!style.is_foreign) {
    print(text);
    return exit_done;
  }
  for (const auto line : base::split(base::trim(text), '\n'))
    print_error(fmt::format("{}: {}\n", style.who, line));
  return exit_done;
}

}  // namespace

Try<request::Surroundings> surroundings() {
  auto directory = present_directory();
  if (!directory) return refuse(directory.error());
  return request::Surroundings{.directory = *std::move(directory),
                               .environment = environment(),
                               .now = loop::now(),
                               .host = host_name()};
}

void tell_of(const request::Submission& submission, const SubmitStyle& style) {
  if (style.is_quiet) return;
  for (const auto& warning : submission.warnings)
    print_error(fmt::format("{}: warning: {}\n", style.who, warning));
  for (const auto& note : submission.notes)
    print_error(fmt::format("{}: note: {}\n", style.who, note));
}

Outcome submit_job(const Api& api, request::Submission submission, const SubmitStyle& style) {
  if (submission.spec.dialect != model::Dialect::native && !submission.test_only) {
    const auto made = make_output_folders(submission.spec);
    if (!made) return std::unexpected(made.error());
    for (const auto& folder : *made)
      tell_of({.notes = {fmt::format("made the directory '{}' of an output file", folder)}}, style);
  }
  if (const auto fine = check_places(submission.spec); !fine) return std::unexpected(fine.error());
  submission.spec.token = loop::random_hex(submit_token_bytes);
  const auto body = wire::to_json(submission.spec);
  if (!body) return refuse(body.error());
  if (submission.test_only) return test(api, *body, style);
  const auto reply = api.post("/v1/jobs", *body);
  if (!reply) return std::unexpected(reply.error());
  const auto submitted = wire::submit_reply_from_json(*reply);
  if (!submitted) return refuse(submitted.error());
  tell_of({.notes = submitted->notes}, style);
  const auto job = submitted->job;
  const auto beside = [&](std::string_view separator) {
    return style.cluster.empty() ? std::string() : fmt::format("{}{}", separator, style.cluster);
  };
  if (submission.parsable) {
    print(fmt::format("{}{}\n", to_text(job), beside(";")));
  } else if (style.has_id && !style.is_quiet) {
    print(fmt::format("{}{}{}\n", style.told, to_text(job), beside(" on cluster ")));
  }
  if (!submission.wait) return exit_done;
  const int written = finish_output(exit_done);
  return written == exit_done ? wait_and_tell(api, job, style) : written;
}

}  // namespace cli
