#include "cli/request/role_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/request/table.h"
#include "lib/base/text.h"

namespace request {

namespace {

using options::Given;
using Mode = RoleChoice::Mode;

constexpr int most_ranks = 1'000'000;
constexpr std::string_view parameter_server_mode = "ps";

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

base::Result<void> read_count(const Given& given, std::optional<int>& count) {
  const auto number = base::parse_int(given.value, 1, most_ranks);
  if (!number) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected a number from 1 to {}, found '{}'", given.written,
                                  most_ranks, base::printable(given.value)));
  }
  count = static_cast<int>(*number);
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
  if (id == OptionId::ps) return read_count(given, choice.servers);
  if (id == OptionId::workers) return read_count(given, choice.workers);
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
    return model::Roles{{.name = "ps", .count = choice.servers.value_or(1), .serves = true},
                        {.name = "worker", .count = *choice.workers}};
  }
  if (has_counts) return contradiction("--ps and --workers go with --mode=ps");
  return model::Roles();
}

bool all_roles_have_commands(const std::vector<Given>& given) {
  bool are_there = false;
  for (const auto& one : given) {
    if (static_cast<OptionId>(one.id) != OptionId::role) continue;
    if (one.value.find('=') == std::string::npos) return false;
    are_there = true;
  }
  return are_there;
}

}  // namespace request
