#include "cli/dialect/variables.h"

#include <array>
#include <utility>

#include "cli/dialect/slurm_values.h"
#include "cli/dialect/table.h"
#include "lib/model/layout.h"

namespace dialect {

namespace {

std::string value_of(const model::Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

/// What the command line of submit says in its own words counts in these variables too.
void add_native(const request::Submission& submission, model::Environment& variables) {
  for (const auto& [option, value, place] : submission.origins) {
    if (place != command_line) continue;
    for (const auto& row : rows(model::Dialect::slurm)) {
      if (row.output.empty() || spelling(row) != option || row.status != Status::same) continue;
      variables[std::string(row.output)] = value;
    }
    if (option == "--ntasks") variables["SLURM_NPROCS"] = value;
    if (option == "--mem" || option == "--mem-per-cpu") {
      variables.erase(option == "--mem" ? "SLURM_MEM_PER_CPU" : "SLURM_MEM_PER_NODE");
      variables[option == "--mem" ? "SLURM_MEM_PER_NODE" : "SLURM_MEM_PER_CPU"] =
          mebibytes_of(value);
    }
  }
}

void add_slurm(const request::Submission& submission, const request::Surroundings& surroundings,
               model::Environment& variables) {
  add_native(submission, variables);
  const auto& spec = submission.spec;
  // Of a range of nodes only their allocation says it.
  const auto layout = model::resolve(spec.shape);
  const bool is_known = layout && !spec.shape.most_nodes;
  if (is_known && variables.contains("SLURM_NTASKS_PER_NODE") &&
      !variables.contains("SLURM_NTASKS")) {
    for (const auto* name : {"SLURM_NTASKS", "SLURM_NPROCS"})
      variables[name] = std::to_string(layout->tasks);
  }
  if (!spec.workspace.empty()) variables["SLURM_JOB_ACCOUNT"] = spec.workspace;
  if (!spec.class_name.empty()) variables["SLURM_JOB_QOS"] = spec.class_name;
  if (!spec.choice.booking.empty()) variables["SLURM_JOB_RESERVATION"] = spec.choice.booking;
  variables["SLURM_SUBMIT_DIR"] = surroundings.directory;
  variables["SLURM_SUBMIT_HOST"] = surroundings.host;
  variables["ENVIRONMENT"] = "BATCH";
}

void add_pbs(const request::Submission& submission, const request::Surroundings& surroundings,
             model::Environment& variables) {
  constexpr std::array<std::pair<const char*, const char*>, 7> copies{{{"PBS_O_HOME", "HOME"},
                                                                       {"PBS_O_LANG", "LANG"},
                                                                       {"PBS_O_LOGNAME", "LOGNAME"},
                                                                       {"PBS_O_MAIL", "MAIL"},
                                                                       {"PBS_O_PATH", "PATH"},
                                                                       {"PBS_O_SHELL", "SHELL"},
                                                                       {"PBS_O_TZ", "TZ"}}};
  for (const auto& [name, from] : copies) {
    if (auto value = value_of(surroundings.environment, from); !value.empty())
      variables[name] = std::move(value);
  }
  variables["PBS_ENVIRONMENT"] = "PBS_BATCH";
  variables["PBS_JOBNAME"] = submission.spec.name;
  variables["PBS_O_HOST"] = surroundings.host;
  variables["PBS_O_QUEUE"] = submission.spec.pool;
  variables["PBS_O_SYSTEM"] = "Linux";
  variables["PBS_O_WORKDIR"] = surroundings.directory;
}

}  // namespace

model::Environment variables_of(const request::Submission& submission,
                                model::Environment of_options,
                                const request::Surroundings& surroundings) {
  const auto dialect = submission.spec.dialect;
  if (dialect == model::Dialect::slurm) add_slurm(submission, surroundings, of_options);
  if (dialect == model::Dialect::pbs) add_pbs(submission, surroundings, of_options);
  return of_options;
}

}  // namespace dialect
