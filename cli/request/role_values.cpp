#include "cli/request/role_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "cli/request/table.h"
#include "lib/base/text.h"

namespace request {

namespace {

using options::Given;
using Mode = RoleChoice::Mode;

constexpr int most_ranks = 1'000'000;
constexpr std::string_view parameter_server_mode = "ps";
constexpr std::string_view server_role = "ps";
constexpr std::string_view worker_role = "worker";

base::Result<void> read_mode(const Given& given, RoleChoice& choice) {
  if (given.value == "allreduce") {
    choice.mode = Mode::allreduce;
  } else if (given.value == parameter_server_mode) {
    choice.mode = Mode::parameter_server;
  } else {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected allreduce or ps, found '{}'", given.written,
                                  base::printable(given.value)));
  }
  return {};
}

/// "4" or "4:cores=2:gpus=1": a role of that name, whose other attributes the mode knows.
base::Result<void> read_count(const Given& given, std::string_view name,
                              std::optional<model::Role>& role) {
  const auto count = std::string_view(given.value).substr(0, given.value.find(':'));
  if (!base::parse_int(count, 1, most_ranks)) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected a number from 1 to {}, such as 4 or 4:cores=2, "
                                  "found '{}'",
                                  given.written, most_ranks, base::printable(given.value)));
  }
  auto read = model::role_from_text(fmt::format("{}:{}", name, given.value));
  if (!read) return std::unexpected(read.error().in(given.written));
  if (read->per_node || !read->command.empty() || (read->serves && name == worker_role)) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected cores=COUNT, gpus=COUNT or memory=SIZE after the "
                                  "number, found '{}'; --role says the rest",
                                  given.written, base::printable(given.value)));
  }
  role = std::move(*read);
  return {};
}

std::unexpected<base::Error> contradiction(const char* text) {
  return base::fail(base::Code::invalid, text);
}

}  // namespace

bool is_of_roles(const Given& given) {
  constexpr std::array<OptionId, 4> all{OptionId::mode, OptionId::ps, OptionId::workers,
                                        OptionId::role};
  return std::ranges::count(all, static_cast<OptionId>(given.id)) > 0;
}

base::Result<void> apply(const Given& given, RoleChoice& choice) {
  const auto id = static_cast<OptionId>(given.id);
  if (id == OptionId::mode) return read_mode(given, choice);
  if (id == OptionId::ps) return read_count(given, server_role, choice.servers);
  if (id == OptionId::workers) return read_count(given, worker_role, choice.workers);
  auto role = model::role_from_text(given.value);
  if (!role) return std::unexpected(role.error().in(given.written));
  choice.roles.push_back(std::move(*role));
  return {};
}

RoleChoice without_replaced(RoleChoice of_script, const std::vector<Given>& given) {
  if (has(given, OptionId::role)) return {};
  const auto* mode = find(given, OptionId::mode);
  if (mode == nullptr) return of_script;
  if (mode->value != parameter_server_mode) return {};
  of_script.roles.clear();
  return of_script;
}

base::Result<model::Roles> roles_of(const RoleChoice& choice) {
  const bool has_counts = choice.servers || choice.workers;
  if (!choice.roles.empty()) {
    if (choice.mode || has_counts)
      return contradiction("--role names all roles itself; leave out --mode, --ps and --workers");
    if (auto fine = model::check_roles(choice.roles); !fine)
      return std::unexpected(fine.error().in("--role"));
    return choice.roles;
  }
  if (choice.mode == Mode::parameter_server) {
    if (!choice.workers) return contradiction("--mode=ps needs the number of workers (--workers)");
    const model::Role one{.name = std::string(server_role), .serves = true};
    return model::Roles{choice.servers.value_or(one), *choice.workers};
  }
  if (has_counts) return contradiction("--ps and --workers go with --mode=ps");
  return model::Roles();
}

bool all_roles_have_commands(const std::vector<Given>& given) {
  bool are_there = false;
  for (const auto& one : given) {
    if (static_cast<OptionId>(one.id) != OptionId::role) continue;
    const auto role = model::role_from_text(one.value);
    if (role && role->command.empty()) return false;
    are_there = true;
  }
  return are_there;
}

}  // namespace request
