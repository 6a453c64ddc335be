#include "lib/model/role.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <set>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::fail;
using base::kib;

constexpr int most_ranks = 1'000'000;
constexpr base::Bytes most_memory{std::uint64_t{1} << 50};
constexpr std::size_t longest_name = 32;
constexpr std::string_view always_serves = "ps";

bool is_role_name(std::string_view name) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= longest_name && is_small(name.front()) &&
         std::ranges::all_of(
             name, [&](char c) { return is_small(c) || (c >= '0' && c <= '9') || c == '-'; });
}

base::Result<void> read_number(std::string_view key, std::string_view value, int least,
                               std::optional<int>& number) {
  const auto read = base::parse_int(value, least, most_ranks);
  if (!read) {
    return fail(Code::invalid, fmt::format("{}: expected a number from {} to {}, found '{}'", key,
                                           least, most_ranks, base::printable(value)));
  }
  number = static_cast<int>(*read);
  return {};
}

base::Result<void> read_memory(std::string_view value, Role& role) {
  const auto memory = base::parse_memory(value);
  if (!memory || *memory == base::Bytes() || *memory > most_memory) {
    return fail(Code::invalid, fmt::format("memory: expected a size from 1K to {}, such as 4G or "
                                           "512M, found '{}'",
                                           to_text(most_memory), base::printable(value)));
  }
  role.memory = base::Bytes((memory->count() + kib - 1) / kib * kib);
  return {};
}

bool has_value(std::string_view key) {
  return key == "cores" || key == "gpus" || key == "memory";
}

base::Result<void> read_value(std::string_view key, std::string_view value, Role& role) {
  if (key == "cores") return read_number(key, value, 1, role.cores);
  if (key == "gpus") return read_number(key, value, 0, role.gpus);
  return read_memory(value, role);
}

base::Result<void> read_word(std::string_view word, Role& role) {
  if (word == "per-node") {
    role.per_node = true;
  } else if (word == "serves") {
    role.serves = true;
  } else {
    return fail(Code::invalid,
                has_value(word)
                    ? fmt::format("{} needs a value, such as {}={}", word, word,
                                  word == "memory" ? "4G" : "1")
                    : fmt::format("'{}' is nothing that a role can be; expected per-node, serves, "
                                  "cores=COUNT, gpus=COUNT or memory=SIZE",
                                  base::printable(word)));
  }
  return {};
}

/// The text up to the first ':' or '=', which begins what is left.
std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find_first_of(":="));
  text.remove_prefix(word.size());
  return word;
}

/// ":per-node:cores=4", up to the '=' in front of a command.
base::Result<void> read_attributes(std::string_view& text, Role& role) {
  while (text.starts_with(':')) {
    text.remove_prefix(1);
    const auto word = take_word(text);
    const bool is_set = has_value(word) && text.starts_with('=');
    if (is_set) text.remove_prefix(1);
    auto read = is_set ? read_value(word, take_word(text), role) : read_word(word, role);
    if (!read) return read;
  }
  return {};
}

/// How many ranks of each role each node gets: first what is wanted of every node, then of the
/// rest a part that is rounded up for earlier roles.
std::vector<int> part_of_node(const Roles& roles, const std::vector<int>& left, int n_tasks) {
  std::vector<int> part(roles.size(), 0);
  int room = n_tasks;
  int free = 0;  // ranks left of the roles that are not per node
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (!roles[i].per_node) {
      free += left[i];
      continue;
    }
    part[i] = std::min({roles[i].count, left[i], room});
    room -= part[i];
  }
  const int n_free = room;
  for (std::size_t i = 0; i < roles.size() && free > 0; ++i) {
    if (roles[i].per_node) continue;
    const auto share = (std::int64_t{left[i]} * n_free + free - 1) / free;
    part[i] = std::min({static_cast<int>(share), left[i], room});
    room -= part[i];
  }
  for (std::size_t i = 0; i < roles.size() && room > 0; ++i) {
    const int more = std::min(room, left[i] - part[i]);
    part[i] += more;
    room -= more;
  }
  return part;
}

}  // namespace

base::Result<Role> role_from_text(std::string_view text) {
  Role role;
  const auto head = text.substr(0, text.find('='));
  role.name = take_word(text);
  if (!is_role_name(role.name)) {
    return fail(
        Code::invalid,
        fmt::format("'{}' is no name of a role; expected a lower-case letter, then letters, "
                    "digits and '-', such as worker",
                    base::printable(role.name)));
  }
  std::optional<std::int64_t> count;
  if (text.starts_with(':')) {
    text.remove_prefix(1);
    count = base::parse_int(take_word(text), 1, most_ranks);
  }
  if (!count) {
    return fail(Code::invalid,
                fmt::format("expected how many ranks '{}' has, such as {}:4, found '{}'", role.name,
                            role.name, base::printable(head)));
  }
  role.count = static_cast<int>(*count);
  role.serves = role.name == always_serves;
  if (auto read = read_attributes(text, role); !read) return std::unexpected(read.error());
  if (text.starts_with('=')) {
    role.command = text.substr(1);
    if (base::trim(role.command).empty())
      return fail(Code::invalid, "the command after '=' is empty");
  }
  return role;
}

std::string to_text(const Role& role) {
  auto text = fmt::format("{}:{}", role.name, role.count);
  if (role.per_node) text += ":per-node";
  if (role.serves && role.name != always_serves) text += ":serves";
  if (role.cores) text += fmt::format(":cores={}", *role.cores);
  if (role.gpus) text += fmt::format(":gpus={}", *role.gpus);
  if (role.memory) text += ":memory=" + to_exact_text(*role.memory);
  if (!role.command.empty()) text += "=" + role.command;
  return text;
}

bool have_resources(const Roles& roles) {
  return std::ranges::any_of(
      roles, [](const Role& role) { return role.cores || role.gpus || role.memory; });
}

base::Result<void> check_roles(const Roles& roles) {
  std::set<std::string_view> names;
  for (const auto& role : roles) {
    if (!names.insert(role.name).second)
      return fail(Code::invalid, fmt::format("there are two roles '{}'", role.name));
  }
  if (!roles.empty() && std::ranges::all_of(roles, &Role::serves)) {
    return fail(Code::invalid,
                fmt::format("all roles serve ({}), so that the step would never run; give a role "
                            "that it waits for, such as worker:1",
                            roles.front().name));
  }
  return {};
}

base::Result<int> n_ranks(const Roles& roles, std::optional<int> n_nodes) {
  std::int64_t sum = 0;
  for (const auto& role : roles) {
    if (role.per_node && !n_nodes) {
      return fail(Code::invalid,
                  fmt::format("role {} is per node; say how many nodes (--nodes)", role.name));
    }
    sum += std::int64_t{role.count} * (role.per_node ? *n_nodes : 1);
  }
  if (sum > most_ranks)
    return fail(Code::invalid, fmt::format("the roles have more than {} ranks", most_ranks));
  return static_cast<int>(sum);
}

std::vector<RolePlace> place_roles(const Roles& roles, const std::vector<int>& n_tasks) {
  std::vector<int> left;
  for (const auto& role : roles) {
    const auto n_nodes = static_cast<std::int64_t>(
        n_tasks.size() - static_cast<std::size_t>(std::ranges::count(n_tasks, 0)));
    left.push_back(static_cast<int>(role.count * (role.per_node ? n_nodes : 1)));
  }
  base::check(std::accumulate(left.begin(), left.end(), 0) ==
                  std::accumulate(n_tasks.begin(), n_tasks.end(), 0),
              "a step has as many ranks as its roles");
  std::vector<int> next(roles.size(), 0);
  std::vector<RolePlace> places;
  for (const int n : n_tasks) {
    const auto part = part_of_node(roles, left, n);
    for (std::size_t i = 0; i < roles.size(); ++i) {
      left[i] -= part[i];
      for (int k = 0; k < part[i]; ++k) places.push_back({i, next[i]++});
    }
  }
  return places;
}

}  // namespace model
