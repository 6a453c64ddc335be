#include "launcher/map/rank_roles.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "launcher/map/placement.h"
#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/model/role_demand.h"

namespace mapping {

namespace {

constexpr std::array<std::string_view, 5> of_tensorflow{"chief", "master", "worker", "ps",
                                                        "evaluator"};
constexpr std::string_view outside_tensorflow_cluster = "evaluator";

/// "MUSTER_HOSTS_PS" of "ps".
std::string hosts_variable(std::string_view role) {
  std::string name = "MUSTER_HOSTS_";
  for (const char c : role) {
    const bool is_small = c >= 'a' && c <= 'z';
    name += c == '-' ? '_' : static_cast<char>(is_small ? c - 'a' + 'A' : c);
  }
  return name;
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

/// ps-lite's word for a role; empty if it has none.
std::string_view dmlc_role(std::string_view role) {
  if (role == "ps" || role == "server") return "server";
  return role == "worker" || role == "scheduler" ? role : std::string_view();
}

}  // namespace

RankRoles::RankRoles(const model::LaunchOrder& order)
    : cpus_per_task_(std::max(cpus_per_task(order), 1)),
      roles_(model::roles_of(*order.job, *order.step)) {
  if (model::have_resources(roles_)) {
    const int gpus = order.step->gpus_per_task.value_or(order.job->shape.gpus_per_task);
    roles_ = model::with_defaults(std::move(roles_), {.cores = cpus_per_task_, .gpus = gpus});
  }
  if (are_there()) places_ = model::place_roles(roles_, order.tasks);
}

bool RankRoles::has_worker(const std::vector<int>& ranks) const {
  return std::ranges::any_of(ranks, [this](int rank) { return !serves(rank); });
}

bool RankRoles::has_server() const {
  return std::ranges::any_of(places_,
                             [this](const auto& place) { return roles_[place.role].serves; });
}

const model::Role& RankRoles::role_of(int rank) const {
  base::check(rank >= 0 && static_cast<std::size_t>(rank) < places_.size(), "the rank has a role");
  return roles_[places_[static_cast<std::size_t>(rank)].role];
}

int RankRoles::index_of(int rank) const {
  return places_.at(static_cast<std::size_t>(rank)).index;
}

int RankRoles::cores_of(int rank) const {
  return are_there() ? role_of(rank).cores.value_or(cpus_per_task_) : cpus_per_task_;
}

std::optional<int> RankRoles::gpus_of(int rank) const {
  return are_there() ? role_of(rank).gpus : std::nullopt;
}

std::string RankRoles::name_of(int rank) const {
  if (!are_there()) return {};
  return role_of(rank).name + " " + std::to_string(index_of(rank));
}

/// In the order of the role's ranks, which is that of all ranks.
std::vector<std::string> RankRoles::addresses_of(std::size_t role,
                                                 const std::vector<std::string>& addresses) const {
  std::vector<std::string> own;
  for (std::size_t rank = 0; rank < places_.size(); ++rank) {
    if (places_[rank].role == role) own.push_back(addresses.at(rank));
  }
  return own;
}

int RankRoles::count_of(std::string_view name) const {
  return static_cast<int>(std::ranges::count_if(
      places_, [&](const auto& place) { return dmlc_role(roles_[place.role].name) == name; }));
}

std::string RankRoles::tf_config(int rank, const std::vector<std::string>& addresses) const {
  std::string cluster;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    const auto& name = roles_[i].name;
    if (name == outside_tensorflow_cluster || std::ranges::count(of_tensorflow, name) == 0)
      continue;
    std::vector<std::string> hosts;
    for (const auto& host : addresses_of(i, addresses)) hosts.push_back(quoted(host));
    if (!cluster.empty()) cluster += ", ";
    cluster += quoted(name) + ": [" + base::join(hosts, ", ") + "]";
  }
  return "{\"cluster\": {" + cluster + "}, \"task\": {\"type\": " + quoted(role_of(rank).name) +
         ", \"index\": " + std::to_string(index_of(rank)) + "}, \"environment\": \"cloud\"}";
}

void RankRoles::describe(int rank, const std::vector<std::string>& addresses,
                         model::Environment& environment) const {
  const auto& role = role_of(rank);
  const auto index = std::to_string(index_of(rank));
  const auto own = addresses_of(places_[static_cast<std::size_t>(rank)].role, addresses);
  environment["MUSTER_ROLE"] = role.name;
  environment["MUSTER_ROLE_INDEX"] = index;
  environment["MUSTER_ROLE_SIZE"] = std::to_string(own.size());
  environment["MUSTER_ADDRESS"] = addresses.at(static_cast<std::size_t>(rank));

  std::string servers;
  std::string workers;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    const auto hosts = addresses_of(i, addresses);
    const auto list = base::join(hosts, ",");
    const auto& name = roles_[i].name;
    environment[hosts_variable(name)] = list;
    if (name == "ps") servers = list;
    if (name == "worker") workers = list;
    if (name != "scheduler") continue;
    const auto colon = hosts.front().rfind(':');
    environment.try_emplace("DMLC_PS_ROOT_URI", hosts.front().substr(0, colon));
    environment.try_emplace("DMLC_PS_ROOT_PORT", hosts.front().substr(colon + 1));
    environment.try_emplace("DMLC_NUM_SERVER", std::to_string(count_of("server")));
    environment.try_emplace("DMLC_NUM_WORKER", std::to_string(count_of("worker")));
    if (const auto word = dmlc_role(role.name); !word.empty())
      environment.try_emplace("DMLC_ROLE", word);
  }
  environment["AZ_BATCHAI_PS_HOSTS"] = servers;
  environment["AZ_BATCHAI_WORKER_HOSTS"] = workers;
  environment["AZ_BATCHAI_TASK_INDEX"] = index;
  if (std::ranges::count(of_tensorflow, role.name) > 0)
    environment.try_emplace("TF_CONFIG", tf_config(rank, addresses));
}

}  // namespace mapping
