#pragma once
// Who trains together: this process's role and where all others are, as the launcher has put it
// into the environment.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace parameter_server {

struct Address {
  std::string host;  // a name, or a numeric address; IPv6 without its brackets
  std::uint16_t port = 0;

  bool operator==(const Address&) const = default;
};

/// "host:port"; IPv6 addresses stand in brackets.
std::string to_text(const Address& address);

enum class Role { ps, worker };
std::string_view to_text(Role role);
std::optional<Role> role_from_text(std::string_view text);

struct Roster {
  Role role = Role::worker;
  std::uint32_t index = 0;  // within the role
  std::vector<Address> servers;
  std::vector<Address> workers;

  std::uint32_t n_servers() const { return static_cast<std::uint32_t>(servers.size()); }
  std::uint32_t n_workers() const { return static_cast<std::uint32_t>(workers.size()); }
  bool is_first_worker() const { return role == Role::worker && index == 0; }
};

/// As std::getenv: the value of a variable, or nullptr.
using Environment = std::function<const char*(const char*)>;

/// Reads MUSTER_ROLE, MUSTER_ROLE_INDEX, MUSTER_ROLE_SIZE, MUSTER_HOSTS_PS and MUSTER_HOSTS_WORKER.
///
/// errors    invalid, naming the variable, what was found and what was expected
base::Result<Roster> read_roster(const Environment& environment);

}  // namespace parameter_server
