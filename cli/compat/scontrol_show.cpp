// scontrol show: jobs, nodes, partitions, steps, reservations and the configuration.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/job_source.h"
#include "cli/compat/scontrol.h"
#include "cli/compat/scontrol_text.h"
#include "cli/compat/slurm_json.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

using model::JobRecord;

constexpr auto shown_after_end = std::chrono::seconds(300);

/// With the task or the tasks that were named, or all of an array.
Try<std::vector<JobRecord>> jobs_of(const Api& api, std::span<const std::string> words,
                                    base::Time now) {
  std::vector<compat::NamedJob> names;
  for (const auto& word : words) {
    auto named = compat::named_jobs(word);
    if (!named) return refuse(named.error());
    std::ranges::move(*named, std::back_inserter(names));
  }
  if (names.empty()) {
    const auto since = base::to_us(now - shown_after_end) / 1'000'000;
    auto jobs = list_jobs(api, fmt::format("&since={}", since));
    if (jobs) drop_spread_arrays(*jobs);
    return jobs;
  }
  std::vector<std::string> missing;
  auto jobs = jobs_named(api, names, "", missing);
  if (!jobs) return jobs;
  drop_spread_arrays(*jobs);
  const bool names_tasks =
      std::ranges::any_of(names, [](const auto& name) { return name.tasks.has_value(); });
  if (names_tasks) *jobs = with_tasks_apart(*std::move(jobs));
  const compat::JobFilter filter{.jobs = names};
  std::erase_if(*jobs, [&](const JobRecord& job) { return !compat::passes(filter, job); });
  return jobs;
}

Outcome show_jobs(std::span<const std::string> words, const ControlStyle& style) {
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto with = surroundings(*api, style.is_json);
  if (!with) return std::unexpected(with.error());
  const auto jobs = jobs_of(*api, words, with->now);
  if (!jobs) return std::unexpected(jobs.error());
  if (jobs->empty() && !words.empty()) {
    print_error("slurm_load_jobs error: Invalid job id specified\n");
    return exit_refused;
  }
  if (style.is_json) {
    print(compat::queue_json(*jobs, *with));
    return exit_done;
  }
  if (jobs->empty()) print("No jobs in the system\n");
  for (const auto& job : *jobs) print(compat::job_text(job, *with, style.one_line));
  return exit_done;
}

Outcome show_nodes(std::span<const std::string> words, const ControlStyle& style) {
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto nodes = list_nodes(*api);
  if (!nodes) return std::unexpected(nodes.error());
  std::vector<std::string> names;
  for (const auto& word : words) {
    auto more = model::expand_hosts(word);
    if (!more) return refuse(more.error());
    std::ranges::move(*more, std::back_inserter(names));
  }
  if (names.empty()) {
    for (const auto& node : *nodes) names.push_back(node.info.name);
  }
  int exit_code = exit_done;
  for (const auto& name : names) {
    const auto found = std::ranges::find(
        *nodes, name, [](const auto& node) -> const std::string& { return node.info.name; });
    if (found == nodes->end()) {
      print_error(fmt::format("Node {} not found\n", base::printable(name)));
      exit_code = exit_refused;
    } else {
      print(compat::node_text(*found, style.one_line));
    }
  }
  return exit_code;
}

Outcome show_partitions(std::span<const std::string> words, const ControlStyle& style) {
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto nodes = list_nodes(*api);
  if (!nodes) return std::unexpected(nodes.error());
  const auto groups = compat::groups_of(*nodes, {}, false, {});
  bool is_found = words.empty();
  for (const auto& group : groups) {
    if (!words.empty() && words.front() != group.partition) continue;
    is_found = true;
    print(compat::partition_text(group, style.one_line));
  }
  if (is_found) return exit_done;
  print_error(fmt::format("Partition {} not found\n", base::printable(words.front())));
  return exit_refused;
}

Outcome show_bookings(std::span<const std::string> words, const ControlStyle& style) {
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto body = api->get("/v1/bookings");
  if (!body) return std::unexpected(body.error());
  const auto bookings = wire::bookings_from_json(*body);
  if (!bookings) return refuse(bookings.error());
  bool is_any = false;
  for (const auto& booking : *bookings) {
    if (!words.empty() && words.front() != booking.name) continue;
    is_any = true;
    print(compat::booking_text(booking, style.one_line));
  }
  if (is_any) return exit_done;
  if (words.empty()) {
    print("No reservations in the system\n");
    return exit_done;
  }
  print_error(fmt::format("Reservation {} not found\n", base::printable(words.front())));
  return exit_refused;
}

Outcome show_steps(std::span<const std::string> words) {
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto jobs = jobs_of(*api, words, {});
  if (!jobs) return std::unexpected(jobs.error());
  for (const auto& job : *jobs) {
    for (const auto& step : job.steps) {
      if (step.ended_at) continue;
      print(
          fmt::format("StepId={}.{} UserId={} StartTime={} TimeLimit=UNLIMITED\n"
                      "   State=RUNNING Name={}\n\n",
                      to_text(job.job), to_text(step.step), job.user.uid,
                      compat::local_stamp(step.started_at), step.command));
    }
  }
  return exit_done;
}

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

/// What tools look up, and is true here.
Outcome show_config() {
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto with = surroundings(*api, true);
  if (!with) return std::unexpected(with.error());
  print(fmt::format("Configuration data as of {}\n", compat::local_stamp(with->now)));
  const std::pair<std::string_view, std::string> lines[] = {
      {"AccountingStorageType", "accounting_storage/muster"},
      {"ClusterName", with->cluster},
      {"MaxArraySize", std::to_string(model::Array::most_tasks + 1)},
      {"MinJobAge", "300 sec"},
      {"MpiDefault", "pmix"},
      {"SLURM_VERSION", std::string(slurm_version.substr(slurm_version.find(' ') + 1))},
      {"SlurmctldHost[0]", this_host()}};
  for (const auto& [key, value] : lines) print(fmt::format("{:<23} = {}\n", key, value));
  return exit_done;
}

}  // namespace

Outcome show_entity(std::string_view what, std::span<const std::string> words,
                    const ControlStyle& style) {
  const auto is = [what](std::string_view name) {
    return what == name || what == std::string(name) + "s";
  };
  if (is("job")) return show_jobs(words, style);
  if (is("node")) return show_nodes(words, style);
  if (is("partition")) return show_partitions(words, style);
  if (is("reservation")) return show_bookings(words, style);
  if (is("step")) return show_steps(words);
  if (is("config")) return show_config();
  return refuse(fmt::format("invalid entity:{} for keyword:show", base::printable(what)));
}

Outcome ping() {
  const auto api = api_here();
  const bool is_up = api && api->get("/v1/version").has_value();
  print(fmt::format("Slurmctld(primary) at {} is {}\n", this_host(), is_up ? "UP" : "DOWN"));
  return is_up ? exit_done : exit_refused;
}

}  // namespace cli
