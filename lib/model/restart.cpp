#include "lib/model/restart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::Duration;
using base::fail;
using base::kib;

constexpr int most_restarts = 1000;
constexpr int largest_exit_code = 255;
constexpr Duration most_pause = std::chrono::days(1);
constexpr int most_percent = 1600;
constexpr std::uint64_t mib = kib * kib;

IndexSet all_exit_codes() {
  return IndexSet::range(1, largest_exit_code);
}

std::string pause_text(Duration pause) {
  auto text = base::to_text(pause);
  const auto read = base::parse_duration(text);
  if (read && *read == pause) return text;
  return fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(pause).count());
}

/// "x2", "x1.5".
std::string factor_text(int percent) {
  const int cents = percent % 100;
  if (cents == 0) return fmt::format("x{}", percent / 100);
  return cents % 10 == 0 ? fmt::format("x{}.{}", percent / 100, cents / 10)
                         : fmt::format("x{}.{:02}", percent / 100, cents);
}

bool is_number_list(std::string_view word) {
  return !word.empty() && word.front() >= '0' && word.front() <= '9';
}

base::Result<void> add_exit_codes(std::string_view text, RestartPolicy& policy) {
  auto codes = index_set_from_text(text);
  if (!codes || codes->empty() || !all_exit_codes().includes(*codes)) {
    return fail(Code::invalid,
                fmt::format("'{}' are no exit codes of a failure; expected numbers and ranges from "
                            "1 to {}, such as exit:75-79,99",
                            base::printable(text), largest_exit_code));
  }
  policy.exit_codes |= *codes;
  return {};
}

/// What follows exit: after a comma belongs to it while it is numbers.
base::Result<void> read_causes(std::string_view value, RestartPolicy& policy) {
  bool are_codes = false;
  for (const auto word : base::split(value, ',')) {
    if (are_codes && is_number_list(word)) {
      if (auto added = add_exit_codes(word, policy); !added) return added;
      continue;
    }
    are_codes = word.starts_with("exit:");
    if (are_codes) {
      if (auto added = add_exit_codes(word.substr(5), policy); !added) return added;
    } else if (word == "exit") {
      policy.exit_codes = all_exit_codes();
    } else if (word == "signal") {
      policy.on_signal = true;
    } else if (word == "oom") {
      policy.on_oom = true;
    } else if (word == "timeout") {
      policy.on_timeout = true;
    } else if (word == "hang") {
      policy.on_hang = true;
    } else if (word == "preparation") {
      policy.on_preparation = true;
    } else if (word == "node") {
      policy.on_node = true;
    } else {
      constexpr std::array<std::string_view, 7> known{"exit", "signal",      "oom", "timeout",
                                                      "hang", "preparation", "node"};
      const auto near = base::nearest(word, known);
      return fail(Code::invalid,
                  fmt::format("'{}' is no cause of a restart; expected exit, exit:CODES, signal, "
                              "oom, timeout, hang, preparation or node{}",
                              base::printable(word),
                              near ? fmt::format(" (did you mean {}?)", *near) : std::string()));
    }
  }
  return {};
}

base::Result<void> read_most(std::string_view value, RestartPolicy& policy) {
  const auto number = base::parse_int(value, 1, most_restarts);
  if (!number) {
    return fail(Code::invalid, fmt::format("max is '{}'; expected how many restarts, 1 to {}",
                                           base::printable(value), most_restarts));
  }
  policy.most = static_cast<int>(*number);
  return {};
}

std::optional<Duration> read_pause(std::string_view text) {
  const auto pause = base::parse_duration(text);
  const bool is_fine =
      pause && *pause <= most_pause && *pause % std::chrono::seconds(1) == Duration();
  return is_fine ? std::optional(*pause) : std::nullopt;
}

base::Result<void> read_backoff(std::string_view value, RestartPolicy& policy) {
  const auto dots = value.find("..");
  const auto first = read_pause(value.substr(0, dots));
  const auto longest = dots == std::string_view::npos ? first : read_pause(value.substr(dots + 2));
  if (!first || !longest || *longest < *first) {
    return fail(Code::invalid,
                fmt::format("backoff is '{}'; expected a pause or the first and the longest, in "
                            "whole seconds up to a day: 30s or 10s..5m",
                            base::printable(value)));
  }
  policy.first_pause = *first;
  policy.longest_pause = *longest;
  return {};
}

/// In hundredths: "x1.25" is 125.
std::optional<int> read_factor(std::string_view text) {
  if (!text.starts_with('x')) return std::nullopt;
  const auto number = text.substr(1);
  const auto dot = number.find('.');
  const auto ones = base::parse_int(number.substr(0, dot), 1, most_percent / 100);
  if (!ones) return std::nullopt;
  auto cents = std::string(dot == std::string_view::npos ? "0" : number.substr(dot + 1));
  if (cents.size() == 1) cents += '0';
  const auto fraction = cents.size() == 2 ? base::parse_int(cents, 0, 99) : std::nullopt;
  if (!fraction) return std::nullopt;
  const auto percent = static_cast<int>(*ones * 100 + *fraction);
  return percent > 100 && percent <= most_percent ? std::optional(percent) : std::nullopt;
}

base::Result<void> read_memory(std::string_view value, RestartPolicy& policy) {
  const auto dots = value.find("..");
  const auto percent = read_factor(value.substr(0, dots));
  std::optional<base::Bytes> cap;
  if (dots != std::string_view::npos) {
    if (const auto read = base::parse_memory(value.substr(dots + 2)))
      cap = base::Bytes(read->count() / kib * kib);
  }
  const bool has_most = dots == std::string_view::npos || (cap && cap->count() >= mib);
  if (!percent || !has_most) {
    return fail(Code::invalid,
                fmt::format("memory is '{}'; expected how many times as much as before, from x1.01 "
                            "to x16, and the most: x2 or x1.5..64G",
                            base::printable(value)));
  }
  policy.memory = MemoryGrowth{.percent = *percent, .most = cap};
  return {};
}

base::Result<void> read_part(std::string_view name, std::string_view value, RestartPolicy& policy) {
  if (name == "on") return read_causes(value, policy);
  if (name == "max") return read_most(value, policy);
  if (name == "backoff") return read_backoff(value, policy);
  if (name == "memory") return read_memory(value, policy);
  return fail(Code::invalid, fmt::format("'{}' is no part of a restart policy; expected on=, max=, "
                                         "backoff=, memory= or avoid-nodes, as in "
                                         "'on=exit:75-79,signal max=5 backoff=10s..5m'",
                                         base::printable(name)));
}

}  // namespace

std::string to_text(const RestartPolicy& policy) {
  std::vector<std::string> causes;
  if (policy.exit_codes == all_exit_codes()) {
    causes.emplace_back("exit");
  } else if (!policy.exit_codes.empty()) {
    causes.push_back("exit:" + to_text(policy.exit_codes));
  }
  if (policy.on_signal) causes.emplace_back("signal");
  if (policy.on_oom) causes.emplace_back("oom");
  if (policy.on_timeout) causes.emplace_back("timeout");
  if (policy.on_hang) causes.emplace_back("hang");
  if (policy.on_preparation) causes.emplace_back("preparation");
  if (policy.on_node) causes.emplace_back("node");
  auto text = fmt::format("on={} max={} backoff={}..{}", base::join(causes, ","), policy.most,
                          pause_text(policy.first_pause), pause_text(policy.longest_pause));
  if (policy.memory) text += " memory=" + factor_text(policy.memory->percent);
  if (policy.memory && policy.memory->most) text += ".." + to_exact_text(*policy.memory->most);
  return policy.avoids_nodes ? text + " avoid-nodes" : text;
}

base::Result<RestartPolicy> restart_policy_from_text(std::string_view text) {
  RestartPolicy policy;
  std::set<std::string_view> seen;
  for (const auto part : base::split(text, ' ')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    if (!seen.insert(name).second)
      return fail(Code::invalid, fmt::format("'{}' is there twice", base::printable(part)));
    if (part == "avoid-nodes") {
      policy.avoids_nodes = true;
      continue;
    }
    const auto value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (auto read = read_part(name, value, policy); !read)
      return std::unexpected(std::move(read).error());
  }
  if (!seen.contains("on")) {
    policy.exit_codes = all_exit_codes();
    policy.on_signal = true;
  }
  if (policy.memory && !policy.on_oom) {
    return fail(Code::invalid,
                "memory= is for the attempt after one that ran out of memory, which on= does not "
                "list; add oom to it: on=oom, or on=exit,signal,oom");
  }
  return policy;
}

bool covers(const RestartPolicy& policy, const Outcome& outcome) {
  if (outcome.ending == Ending::node_lost) return policy.on_node;
  if (!outcome.failure) return false;
  const auto& failure = *outcome.failure;
  if (outcome.ending == Ending::timed_out)
    return policy.on_timeout && failure.cause == Cause::time_limit;
  if (outcome.ending != Ending::failed) return false;
  if (failure.cause == Cause::out_of_memory) return policy.on_oom;
  if (failure.cause == Cause::hang) return policy.on_hang;
  if (is_of_preparation(failure)) return policy.on_preparation;
  if (failure.cause == Cause::signal && policy.on_signal) return true;
  const bool has_code = failure.cause == Cause::exit_code || failure.cause == Cause::aborted;
  return policy.exit_codes.contains(outcome.exit_code) ||
         (has_code && policy.exit_codes.contains(failure.code));
}

base::Bytes grown(const MemoryGrowth& growth, base::Bytes before) {
  const auto cents = before.count() / 100 * static_cast<std::uint64_t>(growth.percent) +
                     before.count() % 100 * static_cast<std::uint64_t>(growth.percent) / 100;
  const auto more = base::Bytes((cents + mib - 1) / mib * mib);
  return std::max(before, growth.most ? std::min(more, *growth.most) : more);
}

base::Duration pause_before(const RestartPolicy& policy, int number) {
  auto pause = policy.first_pause;
  for (int i = 1; i < number && pause < policy.longest_pause; ++i) pause *= 2;
  return std::min(pause, policy.longest_pause);
}

}  // namespace model
