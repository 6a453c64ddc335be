#include "cli/inside.h"

#include <fmt/format.h>

#include <utility>

#include "cli/raw_terminal.h"
#include "cli/request/values.h"
#include "cli/step_start.h"
#include "cli/terminal.h"

namespace cli {

Try<InsidePlace> inside_place(const Api& api, std::string_view text) {
  const auto dot = text.find('.');
  auto job = job_name(api, text.substr(0, dot));
  if (!job) return std::unexpected(job.error());
  InsidePlace place{.job = *std::move(job), .node = {}};
  if (dot == std::string_view::npos) return place;
  place.node = text.substr(dot + 1);
  if (place.node.empty()) {
    return misuse(fmt::format("expected a node after the '.' of '{}', such as {}.n1", text,
                              to_text(place.job)));
  }
  return place;
}

Try<wire::StepReply> start_inside(const Api& api, const InsidePlace& where, InsideCommand command) {
  const auto record = started_job(api, where.job);
  if (!record) return std::unexpected(record.error());
  const auto here = present_directory();
  if (!here) return refuse(here.error());
  if (command.terminal && !is_on_terminal()) {
    return refuse(
        "standard input and output are not a terminal; for a command without one: muster exec");
  }
  model::StepSpec step;
  step.like_script = true;
  step.nodes = 1;
  step.tasks = 1;
  step.roles = model::Roles();
  step.node_names = {where.node.empty() && !record->allocation.nodes.empty()
                         ? record->allocation.nodes.front().name
                         : where.node};
  step.cpus_per_task = 1;
  step.binding.bind_to = model::BindTo::none;
  step.start_up = model::StartUp::none;
  step.hang_timeout = model::HangLimit();
  step.work_dir =
      command.work_dir.empty() ? record->work_dir : request::absolute(command.work_dir, *here);
  step.arguments = std::move(command.arguments);
  if (command.terminal) step.terminal = window_size();
  for (const char* name : {"TERM", "COLORTERM", "LANG", "LC_ALL"}) {
    if (auto value = variable(name); value && command.terminal) step.environment[name] = *value;
  }
  return start_step(api, record->job, record->attempt, std::move(step));
}

}  // namespace cli
