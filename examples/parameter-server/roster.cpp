#include "examples/parameter-server/roster.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "lib/base/text.h"

namespace parameter_server {
namespace {

constexpr std::int64_t most_processes = 65'536;

base::Result<std::string> variable(const Environment& environment, const char* name,
                                   std::string_view expected) {
  const char* value = environment(name);
  if (value == nullptr || *value == '\0') {
    return base::fail(base::Code::invalid,
                      fmt::format("{} is {}, expected {}: start this program by 'muster run' in a "
                                  "job submitted with --mode=ps",
                                  name, value == nullptr ? "not set" : "empty", expected));
  }
  return value;
}

std::unexpected<base::Error> wrong(const char* name, std::string_view expected,
                                   std::string_view found) {
  return base::fail(base::Code::invalid, fmt::format("{}: expected {}, got '{}'", name, expected,
                                                     base::printable(found)));
}

base::Result<std::uint32_t> number(const Environment& environment, const char* name,
                                   std::int64_t low, std::int64_t high) {
  const auto expected = fmt::format("a whole number from {} to {}", low, high);
  const auto text = variable(environment, name, expected);
  if (!text) {
    return std::unexpected(text.error());
  }
  const auto value = base::parse_int(*text, low, high);
  if (!value) {
    return wrong(name, expected, *text);
  }
  return static_cast<std::uint32_t>(*value);
}

std::optional<Address> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) {
    return std::nullopt;
  }
  const auto port =
      base::parse_int(text.substr(colon + 1), 1, std::numeric_limits<std::uint16_t>::max());
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return std::nullopt;
  }
  if (host.empty() || !port) {
    return std::nullopt;
  }
  return Address{.host = std::string(host), .port = static_cast<std::uint16_t>(*port)};
}

base::Result<std::vector<Address>> addresses(const Environment& environment, const char* name) {
  const auto text = variable(environment, name, "a list like 'host:port,host:port'");
  if (!text) {
    return std::unexpected(text.error());
  }
  std::vector<Address> list;
  for (const auto entry : base::split(*text, ',')) {
    auto address = parse_address(entry);
    if (!address) {
      return wrong(name, "entries like 'host:port'", entry);
    }
    list.push_back(*std::move(address));
  }
  return list;
}

base::Result<Role> read_role(const Environment& environment) {
  const auto text = variable(environment, "MUSTER_ROLE", "'ps' or 'worker'");
  if (!text) {
    return std::unexpected(text.error());
  }
  const auto role = role_from_text(*text);
  if (!role) {
    return wrong("MUSTER_ROLE", "'ps' or 'worker'", *text);
  }
  return *role;
}

}  // namespace

std::string to_text(const Address& address) {
  const bool in_brackets = address.host.contains(':');
  return fmt::format("{}:{}", in_brackets ? fmt::format("[{}]", address.host) : address.host,
                     address.port);
}

std::string_view to_text(Role role) {
  switch (role) {
    case Role::ps:
      return "ps";
    case Role::worker:
      return "worker";
  }
  return "unknown";
}

std::optional<Role> role_from_text(std::string_view text) {
  for (const Role role : {Role::ps, Role::worker}) {
    if (text == to_text(role)) {
      return role;
    }
  }
  return std::nullopt;
}

base::Result<Roster> read_roster(const Environment& environment) {
  const auto role = read_role(environment);
  if (!role) {
    return std::unexpected(role.error());
  }
  const auto size = number(environment, "MUSTER_ROLE_SIZE", 1, most_processes);
  if (!size) {
    return std::unexpected(size.error());
  }
  const auto index = number(environment, "MUSTER_ROLE_INDEX", 0, std::int64_t{*size} - 1);
  if (!index) {
    return std::unexpected(index.error());
  }
  auto servers = addresses(environment, "MUSTER_HOSTS_PS");
  auto workers = addresses(environment, "MUSTER_HOSTS_WORKER");
  for (const auto* list : {&servers, &workers}) {
    if (!*list) {
      return std::unexpected(list->error());
    }
  }
  const bool serves = *role == Role::ps;
  const auto n_listed = (serves ? *servers : *workers).size();
  if (n_listed != *size) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: expected {}, as MUSTER_ROLE_SIZE says, got {}",
                                  serves ? "MUSTER_HOSTS_PS" : "MUSTER_HOSTS_WORKER",
                                  base::plural(*size, "host"), n_listed));
  }
  return Roster{.role = *role,
                .index = *index,
                .servers = *std::move(servers),
                .workers = *std::move(workers)};
}

}  // namespace parameter_server
