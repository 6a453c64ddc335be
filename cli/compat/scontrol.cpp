// scontrol: what it is asked for; the names of hosts need no controller.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/compat/command.h"
#include "cli/compat/job_source.h"
#include "cli/compat/scontrol.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace cli {

namespace scontrol {
namespace {

enum ControlId { all_id, details_id, one_line_id, json_flag_id, quiet_id, cluster_id };
constexpr std::array table = std::to_array<options::Option>({
    {all_id, "all", 'a', "", "Accepted."},
    {details_id, "details", 'd', "", "Accepted."},
    {details_id, "future", 'F', "", ""},
    {details_id, "verbose", 'v', "", ""},
    {one_line_id, "oneliner", 'o', "", "Each entity on one line."},
    {json_flag_id, "json", 0, "", "JSON in the form of Slurm 23.11, of jobs."},
    {quiet_id, "quiet", 'Q', "", "Accepted."},
    {cluster_id, "clusters", 'M', "NAMES", "Accepted: there is one cluster."},
    {cluster_id, "cluster", 0, "NAMES", ""},
});

constexpr std::string_view usage =
    "usage: scontrol [OPTIONS] show job|node|partition|reservation|step|config [NAME]\n"
    "       scontrol show hostnames [LIST]\n"
    "       scontrol show hostlist NAMES\n"
    "       scontrol show hostlistsorted NAMES\n"
    "       scontrol hold|release|requeue|requeuehold ID...\n"
    "       scontrol update JobId=ID KEY=VALUE...\n"
    "       scontrol update NodeName=NODES State=DRAIN|RESUME [Reason=TEXT]\n"
    "       scontrol write batch_script ID [FILE|-]\n"
    "       scontrol ping\n\n"
    "The hosts of a list such as n[1-3,7], a line each, or names joined by commas as such a\n"
    "list. Without LIST: the nodes of the job. More: muster-compat(1).\n";

/// Of the job that this runs in.
std::optional<std::string> nodes_of_job() {
  for (const auto* name : {"SLURM_JOB_NODELIST", "SLURM_NODELIST", "MUSTER_NODELIST"}) {
    if (auto list = variable(name); list && !list->empty()) return list;
  }
  return std::nullopt;
}

Try<std::vector<std::string>> hosts_of(std::span<const std::string> lists) {
  std::string all;
  for (const auto& list : lists) all += (all.empty() ? "" : ",") + list;
  auto hosts = model::expand_hosts(all);
  if (!hosts) return refuse(hosts.error());
  return *std::move(hosts);
}

Outcome show_names(std::span<const std::string> lists) {
  const auto of_job = nodes_of_job();
  if (lists.empty() && !of_job)
    return refuse("host list is empty: give one, such as n[1-3], or ask inside a job");
  const auto hosts = lists.empty() ? hosts_of(std::span(&*of_job, 1)) : hosts_of(lists);
  if (!hosts) return std::unexpected(hosts.error());
  for (const auto& host : *hosts) print(host + "\n");
  return exit_done;
}

/// "n2" before "n10": by the text in front of the last number, then by that number.
bool comes_before(std::string_view a, std::string_view b) {
  const auto key = [](std::string_view name) {
    const auto digits = name.find_last_not_of("0123456789") + 1;
    const auto number = std::min(name.find_first_not_of('0', digits), name.size());
    return std::tuple(name.substr(0, digits), name.size() - number, name.substr(number), name);
  };
  return key(a) < key(b);
}

Outcome show_list(std::span<const std::string> names, bool is_sorted) {
  if (names.empty()) return refuse("expected names of hosts, such as n1,n2,n3");
  auto hosts = hosts_of(names);
  if (!hosts) return std::unexpected(hosts.error());
  if (is_sorted) std::ranges::sort(*hosts, comes_before);
  print(model::compress_hosts(*hosts) + "\n");
  return exit_done;
}

Outcome show(std::span<const std::string> words, const ControlStyle& style) {
  if (words.empty()) return refuse("too few arguments for keyword:show");
  const auto& what = words.front();
  const auto rest = words.subspan(1);
  if (what == "hostnames" || what == "hostname") return show_names(rest);
  if (what == "hostlist") return show_list(rest, false);
  if (what == "hostlistsorted") return show_list(rest, true);
  return show_entity(what, rest, style);
}

/// "jobid=17" after show job is the id.
std::vector<std::string> without_keys(std::span<const std::string> words) {
  std::vector<std::string> values(words.begin(), words.end());
  if (values.size() != 3 || values[0] != "show") return values;
  const auto equals = values[2].find('=');
  if (equals != std::string::npos) values[2].erase(0, equals + 1);
  return values;
}

constexpr std::string_view job_commands[] = {"hold", "uhold", "release", "requeue", "requeuehold"};
constexpr std::string_view not_here[] = {"suspend", "resume",      "notify",   "top",
                                         "create",  "reconfigure", "shutdown", "takeover"};

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Outcome act(std::span<const std::string> words, const ControlStyle& style) {
  const auto& command = words.front();
  const auto rest = words.subspan(1);
  if (command == "show") return show(rest, style);
  if (is_among(job_commands, command)) return change_jobs(command, rest);
  if (command == "update") return update_entity(rest);
  if (command == "ping") return ping();
  if (command == "write") return write_script(rest);
  if (is_among(not_here, command)) {
    return refuse(
        fmt::format("{} is not supported: Requested operation is presently disabled", command));
  }
  return refuse(fmt::format("invalid keyword: {}", base::printable(command)));
}

Outcome run_scontrol(std::span<const std::string> words) {
  const auto line =
      options::parse(table, without_value(words, "--json"), options::Operands::anywhere);
  if (!line) return refuse(line.error());
  if (line->rest.empty()) return refuse("expected a command, such as: scontrol show hostnames");
  const ControlStyle style{.one_line = options::has(*line, one_line_id),
                           .is_json = options::has(*line, json_flag_id)};
  return act(without_keys(line->rest), style);
}

}  // namespace
}  // namespace scontrol

const CompatCommand scontrol_command{.name = "scontrol",
                                     .dialect = model::Dialect::slurm,
                                     .usage = scontrol::usage,
                                     .run = scontrol::run_scontrol,
                                     .table = scontrol::table};

}  // namespace cli
