#pragma once
// Which jobs a command of Slurm or PBS is about. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/record.h"

namespace compat {

/// "17", "17_4", "17_[1-3]", "17.0" or "17.batch".
struct NamedJob {
  model::JobId job{0};
  std::optional<model::IndexSet> tasks;
  std::string step;  // empty: the job

  bool operator==(const NamedJob&) const = default;
};
/// Also as PBS writes them: "17.server", "17[4].server", "17[].server".
/// errors: invalid
base::Result<NamedJob> named_job(std::string_view text);
base::Result<NamedJob> named_pbs_job(std::string_view text);
/// Separated by commas, which brackets keep together.
base::Result<std::vector<NamedJob>> named_jobs(std::string_view text);
/// As the API names it: "17", "17_4", "17_[1-3]".
std::string to_text(const NamedJob& job);

/// What is empty lets all pass.
struct JobFilter {
  std::vector<NamedJob> jobs;
  std::vector<std::string> users;  // names or numbers
  std::vector<std::string> names;
  std::vector<std::string> partitions;
  std::vector<std::string> accounts;
  std::vector<std::string> classes;
  std::vector<std::string> nodes;
  std::vector<std::string_view> states;  // names of Slurm
  std::string booking;
};

bool passes(const JobFilter& filter, const model::JobRecord& job);

/// The words of a list, without blanks around them.
std::vector<std::string> words_of(std::string_view list);

}  // namespace compat
