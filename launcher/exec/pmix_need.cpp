#include "launcher/exec/pmix_need.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include "launcher/exec/child.h"
#include "launcher/map/plain_program.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

// To read a larger one takes as long as to start the server.
constexpr std::size_t largest_program = std::size_t{4} << 20;

/// The dynamic linker loads into a process what these name.
bool loads_more(const model::Environment& environment) {
  return environment.contains("LD_PRELOAD") || environment.contains("LD_AUDIT");
}

}  // namespace

bool needs_pmix(const Launch& launch) {
  const auto& order = launch.order;
  const auto& step = *order.step;
  if (!model::offers_pmix(step.start_up)) return false;
  const bool is_one_program = model::roles_of(*order.job, step).empty() && !step.arguments.empty();
  if (!is_one_program || loads_more(step.environment)) return true;
  Command command;
  command.arguments = step.arguments;
  command.environment = step.environment;
  command.directory = step.work_dir;
  command.container = container_of(launch);
  const auto program = find_program(command);
  if (!program) return false;  // no rank will start, which says why
  const SeenFile seen(command, in_directory(command, *program));
  const auto& path = seen.path();
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) return false;  // the same
  const auto file = loop::read_file(path, largest_program);
  return !file || !mapping::is_plain_program(std::as_bytes(std::span(*file)));
}

}  // namespace exec
