#include "sim/replay/swf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include "lib/base/text.h"

namespace replay {

namespace {

using std::chrono::seconds;

constexpr std::size_t n_fields = 18;
constexpr std::size_t wait_field = 2;  // counted from 0
constexpr std::size_t queue_field = 14;

/// One that counts: where it is, what it is called, and what it may be.
struct Field {
  std::size_t index;
  std::string_view name;
  std::string_view unit;
  std::int64_t most;
};

constexpr auto n_any = std::numeric_limits<std::int64_t>::max();
constexpr auto n_ids = std::numeric_limits<std::uint32_t>::max();

constexpr Field id_field{0, "job number", "", n_any};
constexpr Field submit_field{1, "submit time", "seconds", last_submission_s};
constexpr Field run_field{3, "run time", "seconds", longest_time_s};
constexpr Field allocated_field{4, "allocated processors", "processors", largest_machine};
constexpr Field requested_field{7, "requested processors", "processors", largest_machine};
constexpr Field time_field{8, "requested time", "seconds", longest_time_s};
constexpr Field user_field{11, "user", "", n_ids};
constexpr Field group_field{12, "group", "", n_ids};
constexpr Field executable_field{13, "executable", "", n_any};

constexpr std::array fields_read{id_field,        submit_field,    run_field,
                                 allocated_field, requested_field, time_field,
                                 user_field,      group_field,     executable_field};

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t start = line.find_first_not_of(blanks); start != std::string_view::npos;) {
    const auto end = line.find_first_of(blanks, start);
    words.push_back(line.substr(start, end - start));
    start = line.find_first_not_of(blanks, end);
  }
  return words;
}

std::uint32_t number_of(std::int64_t id) {
  return id < 0 ? 0 : static_cast<std::uint32_t>(id);
}

base::Result<Claim> claim_of(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() != n_fields) {
    return base::fail(base::Code::invalid,
                      fmt::format("expected {} fields, found {}: '{}'", n_fields, words.size(),
                                  base::printable(line, 60)));
  }
  std::array<std::int64_t, n_fields> value{};
  for (const auto& field : fields_read) {
    const auto number = parse_whole(words[field.index], field.most, field.unit);
    if (!number) {
      return std::unexpected(
          number.error().in(fmt::format("field {} ({})", field.index + 1, field.name)));
    }
    value[field.index] = *number;
  }
  const auto of = [&](const Field& field) { return value[field.index]; };
  Job job{.id = of(id_field),
          .submit = seconds(of(submit_field)),
          .run = seconds(of(run_field)),
          .requested = seconds(of(time_field)),
          .cores = static_cast<int>(std::max(of(allocated_field), of(requested_field))),
          .user = number_of(of(user_field)),
          .group = number_of(of(group_field))};
  if (of(executable_field) > 0) job.name = words[executable_field.index];
  if (base::parse_int(words[queue_field], 0, n_any)) job.class_name = words[queue_field];
  return Claim{std::move(job), fmt::format("{}", fmt::join(words, " "))};
}

/// The number behind "; MaxProcs:" and the like, where the header has one above 0.
std::optional<int> header_number(std::string_view text, std::string_view name) {
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (!line->starts_with(';')) return std::nullopt;
    const auto comment =
        base::trim(line->substr(std::min(line->find_first_not_of(';'), line->size())));
    if (!comment.starts_with(name)) continue;
    const auto words = words_of(comment.substr(name.size()));
    const auto number =
        words.empty() ? std::nullopt : base::parse_int(words.front(), 1, largest_machine);
    if (number) return static_cast<int>(*number);
  }
  return std::nullopt;
}

base::Result<Machine> machine_of(std::string_view text, const Reading& reading) {
  if (reading.machine) return Machine{reading.machine->nodes, reading.machine->per_node, 0};
  auto processors = header_number(text, "MaxProcs:");
  if (!processors) processors = header_number(text, "MaxNodes:");
  if (processors) {
    const auto size = pool_of(*processors);
    return Machine{size.nodes, size.per_node, 0};
  }
  return base::fail(base::Code::invalid,
                    "its header does not say how large the machine is (expected '; MaxProcs:' or "
                    "'; MaxNodes:' and a number); give it with --machine");
}

}  // namespace

base::Result<Log> read_swf(std::string_view text, const Reading& reading) {
  const auto machine = machine_of(text, reading);
  if (!machine) return std::unexpected(machine.error());
  Intake intake(reading, *machine);
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (line->starts_with(';')) continue;
    auto claim = claim_of(*line);
    const auto taken = claim ? intake.take(lines.number(), std::move(*claim))
                             : intake.reject(lines.number(), claim.error());
    if (!taken) return std::unexpected(taken.error());
  }
  return std::move(intake).finish();
}

std::string swf_row(const Job& job) {
  const auto s = [](base::Duration time) { return std::chrono::floor<seconds>(time).count(); };
  return fmt::format("{} {} -1 {} {} -1 -1 {} {} -1 1 {} {} -1 -1 -1 -1 -1", job.id, s(job.submit),
                     s(job.run), job.cores, job.cores,
                     job.requested == unlimited ? -1 : s(job.requested), job.user, job.group);
}

std::string write_schedule(const Log& log, const Result& result, std::string_view title) {
  const auto& [machine, jobs] = log.workload;
  auto text = fmt::format(
      "; Version: 2.2\n; MaxJobs: {}\n; MaxNodes: {}\n; MaxProcs: {}\n; Note: {}\n", jobs.size(),
      machine.nodes, machine.nodes * machine.cores_per_node, base::printable(title, 400));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto words = base::split(log.rows[i], ' ');
    const auto wait = std::chrono::floor<seconds>(result.ends[i] - jobs[i].run) -
                      std::chrono::floor<seconds>(jobs[i].submit);
    const auto shown = fmt::format("{}", wait.count());
    words[wait_field] = shown;
    fmt::format_to(std::back_inserter(text), "{}\n", fmt::join(words, " "));
  }
  return text;
}

}  // namespace replay
