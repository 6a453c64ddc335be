// scontrol: what jobs ask of it works without a controller.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/compat/command.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace cli {

namespace {

constexpr std::string_view usage =
    "usage: scontrol show hostnames [LIST]\n"
    "       scontrol show hostlist NAMES\n"
    "       scontrol show hostlistsorted NAMES\n\n"
    "The hosts of a list such as n[1-3,7], a line each, or names joined by commas as such a\n"
    "list. Without LIST: the nodes of the job.\n";

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

Outcome show(std::span<const std::string> words) {
  if (words.empty()) return refuse("too few arguments for keyword:show");
  const auto& what = words.front();
  const auto rest = words.subspan(1);
  if (what == "hostnames" || what == "hostname") return show_names(rest);
  if (what == "hostlist") return show_list(rest, false);
  if (what == "hostlistsorted") return show_list(rest, true);
  return refuse(fmt::format("invalid entity:{} for keyword:show", base::printable(what)));
}

Outcome run_scontrol(std::span<const std::string> words) {
  if (words.empty()) return refuse("expected a command, such as: scontrol show hostnames");
  if (words.front() == "show") return show(words.subspan(1));
  return refuse(fmt::format("invalid keyword: {}", base::printable(words.front())));
}

}  // namespace

const CompatCommand scontrol_command{
    .name = "scontrol", .dialect = model::Dialect::slurm, .usage = usage, .run = run_scontrol};

}  // namespace cli
