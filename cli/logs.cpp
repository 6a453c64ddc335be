// logs: what a job wrote.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "cli/api.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/http/target.h"

namespace cli {

namespace {

enum LogsId { log_follow_id, rank_id, log_step_id, log_attempt_id, prepare_id, node_id };
constexpr std::array<options::Option, 8> logs_table{{
    {log_follow_id, "follow", 'f', "", "Go on as it grows, until the job has ended."},
    {rank_id, "rank", 'r', "RANK", "What this rank wrote, of the last step that has it."},
    {log_step_id, "step", 's', "STEP", "What the ranks of this step wrote. Steps count from 0."},
    {log_attempt_id, "attempt", 0, "NUMBER",
     "Of this start of the job, counted from 1. Left out: the last."},
    {prepare_id, "prepare", 0, "", "What its preparation wrote on its nodes, one after the other."},
    {node_id, "node", 0, "NODE", "With --prepare: on this node only."},
    dir_option,
    help_option,
}};

/// "&rank=2&step=0", checked.
Try<std::string> query_of(const options::Parsed& line) {
  struct Number {
    int id;
    std::string_view name;
    int least;
  };
  constexpr std::array<Number, 3> numbers{
      {{rank_id, "rank", 0}, {log_step_id, "step", 0}, {log_attempt_id, "attempt", 1}}};
  auto query = options::has(line, log_follow_id) ? std::string("?follow=true")
                                                 : std::string("?follow=false");
  for (const auto& number : numbers) {
    const auto* given = options::find(line, number.id);
    if (given == nullptr) continue;
    if (!base::parse_int(given->value, number.least, INT32_MAX)) {
      return misuse(fmt::format("{}: expected a whole number from {}, found '{}'", given->written,
                                number.least, base::printable(given->value)));
    }
    query += fmt::format("&{}={}", number.name, given->value);
  }
  const auto* node = options::find(line, node_id);
  const bool is_of_preparation = options::has(line, prepare_id);
  if (node != nullptr && !is_of_preparation)
    return misuse("--node is for the output of a preparation; give --prepare too");
  if (is_of_preparation) query += "&preparation=true";
  if (node != nullptr) query += "&node=" + http::percent_encode(node->value);
  return query;
}

/// Prints a log, and after a break goes on where it was: what one launch or rank wrote comes in the
/// same order each time.
class Printer {
 public:
  /// False when nobody reads any more.
  bool take(std::string_view bytes) {
    const auto known = std::min<std::uint64_t>(bytes.size(), n_printed_ - n_seen_);
    n_seen_ += known;
    bytes.remove_prefix(static_cast<std::size_t>(known));
    n_seen_ += bytes.size();
    n_printed_ += bytes.size();
    is_read_ = write_all(STDOUT_FILENO, bytes);
    return is_read_;
  }
  void start_again() { n_seen_ = 0; }
  bool is_read() const { return is_read_; }

 private:
  std::uint64_t n_printed_ = 0;
  std::uint64_t n_seen_ = 0;  // of this answer
  bool is_read_ = true;
};

Outcome logs(const options::Parsed& line) {
  const auto query = query_of(line);
  if (!query) return std::unexpected(query.error());
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto job = only_job(*api, line);
  if (!job) return std::unexpected(job.error());
  Printer printer;
  const auto ask = [&] {
    printer.start_again();
    return api->stream(job_target(*job, "/logs" + *query), {},
                       [&](std::string_view bytes) { return printer.take(bytes); });
  };
  // The nodes of a step are read side by side, in another order each time.
  const bool is_one_source = options::has(line, prepare_id)
                                 ? options::has(line, node_id)
                                 : !options::has(line, log_step_id) || options::has(line, rank_id);
  const auto done = is_one_source ? api->persist(ask) : ask();
  if (!printer.is_read()) return exit_refused;
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

}  // namespace

constinit const Verb logs_verb{
    "logs",
    "[OPTIONS] ID|last",
    "Print what a job wrote.",
    "Without --rank and --step: the output of the batch script, which has that of the steps it "
    "started. It comes from the nodes' own records, wherever the job's output files are.",
    [] { return std::span<const options::Option>(logs_table); },
    options::Operands::anywhere,
    logs};

}  // namespace cli
