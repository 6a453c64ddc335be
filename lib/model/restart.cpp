#include "lib/model/restart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::Duration;
using base::fail;

constexpr int most_restarts = 1000;
constexpr int largest_exit_code = 255;
constexpr Duration most_pause = std::chrono::days(1);

IndexSet all_exit_codes() {
  return IndexSet::range(1, largest_exit_code);
}

std::string pause_text(Duration pause) {
  auto text = base::to_text(pause);
  const auto read = base::parse_duration(text);
  if (read && *read == pause) return text;
  return fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(pause).count());
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
    } else if (word == "node") {
      policy.on_node = true;
    } else {
      constexpr std::array<std::string_view, 6> known{"exit",    "signal", "oom",
                                                      "timeout", "hang",   "node"};
      const auto near = base::nearest(word, known);
      return fail(Code::invalid,
                  fmt::format("'{}' is no cause of a restart; expected exit, exit:CODES, signal, "
                              "oom, timeout, hang or node{}",
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

base::Result<void> read_part(std::string_view name, std::string_view value, RestartPolicy& policy) {
  if (name == "on") return read_causes(value, policy);
  if (name == "max") return read_most(value, policy);
  if (name == "backoff") return read_backoff(value, policy);
  return fail(Code::invalid, fmt::format("'{}' is no part of a restart policy; expected on=, max=, "
                                         "backoff= or avoid-nodes, as in 'on=exit:75-79,signal "
                                         "max=5 backoff=10s..5m'",
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
  if (policy.on_node) causes.emplace_back("node");
  return fmt::format("on={} max={} backoff={}..{}{}", base::join(causes, ","), policy.most,
                     pause_text(policy.first_pause), pause_text(policy.longest_pause),
                     policy.avoids_nodes ? " avoid-nodes" : "");
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
  if (failure.cause == Cause::signal && policy.on_signal) return true;
  const bool has_code = failure.cause == Cause::exit_code || failure.cause == Cause::aborted;
  return policy.exit_codes.contains(outcome.exit_code) ||
         (has_code && policy.exit_codes.contains(failure.code));
}

base::Duration pause_before(const RestartPolicy& policy, int number) {
  auto pause = policy.first_pause;
  for (int i = 1; i < number && pause < policy.longest_pause; ++i) pause *= 2;
  return std::min(pause, policy.longest_pause);
}

}  // namespace model
