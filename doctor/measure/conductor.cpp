#include "doctor/measure/conductor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "doctor/judge/judge.h"
#include "doctor/judge/plan.h"
#include "doctor/measure/node.h"
#include "doctor/measure/ring.h"
#include "lib/base/text.h"
#include "lib/wire/doctor.h"

namespace doctor {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration gather_wait = 15s;
constexpr base::Duration hello_wait = 300ms;  // said at once by who is one of us
constexpr base::Duration again_wait = 60s;    // for all hops that are measured again
constexpr base::Duration facts_wait = 40s;    // name servers that do not answer are waited for
constexpr base::Duration line_wait = 5s;
constexpr base::Duration link_wait = 10s;
constexpr base::Duration measure_wait = 30s;
constexpr base::Duration meet_wait = 15s;
constexpr base::Duration sum_wait = 60s;
constexpr base::Duration gpu_wait = gpu_limit + 15s;
constexpr int n_clock_reads = 3;
constexpr std::string_view failure = "failed ";

std::optional<std::int64_t> number(std::string_view word) {
  return base::parse_int(word, 0, INT64_MAX);
}

/// What a member failed in; nullopt: it did not.
std::optional<std::string> failure_in(std::string_view line) {
  if (!line.starts_with(failure)) return std::nullopt;
  return std::string(line.substr(failure.size()));
}

}  // namespace

Conductor::Conductor(const Seat& seat, loop::OwnedFd listener,
                     const std::vector<std::string>& names)
    : seat_(seat), listener_(std::move(listener)), machine_(machine_id()), players_(seat.n_ranks) {
  for (const auto& name : names) report_.nodes.push_back({.node = name});
}

model::DoctorReport Conductor::examine() {
  gather();
  gather_facts();
  compare_clocks();
  make_ring();
  measure_all();
  sum_up();
  meet();
  check_gpus();
  for (std::size_t rank = 0; rank < players_.size(); ++rank) tell(rank, "end");
  return std::move(report_);
}

void Conductor::gather() {
  const Deadline deadline(gather_wait);
  const auto is_missing = [](const Player& player) { return !player.link; };
  while (std::ranges::any_of(players_, is_missing)) {
    auto link = accept_from(listener_, deadline);
    if (!link) break;
    welcome(*std::move(link));
  }
  for (std::size_t rank = 0; rank < players_.size(); ++rank) {
    if (!players_[rank].link) {
      report_.nodes[rank].problem = "it did not reach " + report_.nodes.front().node + " at " +
                                    seat_.conductor.name + " within " + base::to_text(gather_wait);
    }
  }
}

/// Others than ranks of this step are turned away.
void Conductor::welcome(Link link) {
  const auto line = link.read_line(Deadline(hello_wait));
  if (!line) return;
  const auto words = base::split(*line, ' ');
  if (words.size() != 5 || words[0] != seat_.token) return;
  const auto rank = number(words[1]);
  const auto port = base::parse_int(words[2], 1, UINT16_MAX);
  if (!rank || !port || static_cast<std::size_t>(*rank) >= players_.size()) return;
  const auto place = static_cast<std::size_t>(*rank);
  report_.nodes[place].machine = words[3];
  report_.nodes[place].node = words[4];
  // The conductor may see ranks of its own machine at an address that others do not reach.
  auto host = words[3] == machine_ ? seat_.conductor.name : link.peer();
  players_[place] = {std::move(link), std::move(host), static_cast<std::uint16_t>(*port)};
}

void Conductor::lose(std::size_t rank, const std::string& why) {
  players_[rank].link = Link();
  if (report_.nodes[rank].problem.empty()) report_.nodes[rank].problem = why;
}

void Conductor::tell(std::size_t rank, std::string_view line) {
  auto& link = players_[rank].link;
  if (!link) return;
  if (const auto sent = link.send_line(line, Deadline(line_wait)); !sent) {
    lose(rank, "its connection to the first node was lost: " + sent.error().text);
  }
}

std::optional<std::string> Conductor::answer_of(std::size_t rank, const Deadline& deadline) {
  auto& link = players_[rank].link;
  if (!link) return std::nullopt;
  auto line = link.read_line(deadline);
  if (line) return *std::move(line);
  lose(rank, "it stopped answering the first node: " + line.error().text);
  return std::nullopt;
}

void Conductor::gather_facts() {
  for (std::size_t rank = 0; rank < players_.size(); ++rank) tell(rank, "facts");
  const Deadline deadline(facts_wait);
  for (std::size_t rank = 0; rank < players_.size(); ++rank) {
    const auto line = answer_of(rank, deadline);
    if (!line) continue;
    auto facts = wire::node_facts_from_json(*line);
    if (facts) {
      report_.nodes[rank].facts = *std::move(facts);
    } else {
      lose(rank, "what it says of itself is not understood: " + facts.error().text);
    }
  }
}

/// Of several reads, that with the shortest way there and back counts.
void Conductor::compare_clocks() {
  for (std::size_t rank = 1; rank < players_.size(); ++rank) {
    auto shortest = base::Duration::max();
    for (int i = 0; i < n_clock_reads; ++i) {
      tell(rank, "clock");
      const auto before = loop::now();
      const loop::Elapsed since;
      const auto line = answer_of(rank, Deadline(line_wait));
      const auto took = since.so_far();
      const auto theirs = line ? number(*line) : std::nullopt;
      if (!theirs || took >= shortest) continue;
      shortest = took;
      report_.nodes[rank].clock_offset = base::time_from_us(*theirs) - (before + took / 2);
    }
  }
}

/// Of the ranks that are there.
void Conductor::make_ring() {
  for (std::size_t rank = 0; rank < players_.size(); ++rank) {
    if (players_[rank].link) ring_.push_back(rank);
  }
  if (ring_.size() < 2) ring_.clear();
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto next = ring_[(i + 1) % ring_.size()];
    report_.hops.push_back({.from = report_.nodes[ring_[i]].node, .to = report_.nodes[next].node});
    tell(ring_[i], "link " + players_[next].host + ' ' + std::to_string(players_[next].port));
  }
  const Deadline deadline(link_wait);
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const auto line = answer_of(ring_[i], deadline);
    if (!line) {
      report_.hops[i].problem = "not measured: " + report_.nodes[ring_[i]].problem;
    } else if (auto why = failure_in(*line)) {
      report_.hops[i].problem = "cannot be reached: " + *why;
    }
  }
}

/// again   a hop that was slow beside others is measured alone: the better values count
void Conductor::measure(const std::vector<std::size_t>& hops, bool again) {
  for (const auto i : hops) {
    if (report_.hops[i].problem.empty()) tell(ring_[i], "measure");
  }
  const Deadline deadline(measure_wait);
  for (const auto i : hops) {
    auto& hop = report_.hops[i];
    if (!hop.problem.empty()) continue;
    const auto line = answer_of(ring_[i], deadline);
    if (!line) {
      hop.problem = "not measured: " + report_.nodes[ring_[i]].problem;
      continue;
    }
    if (auto why = failure_in(*line)) {
      hop.problem = "was lost while it was measured: " + *why;
      continue;
    }
    const auto words = base::split(*line, ' ');
    const auto latency = number(words.front());
    const auto rate = number(words.back());
    if (words.size() != 2 || !latency || !rate) {
      hop.problem = "not measured: the answer is not understood: " + base::printable(*line);
      continue;
    }
    const base::Duration found(*latency);
    hop.latency = again ? std::min(hop.latency, found) : found;
    hop.bytes_per_second = std::max(hop.bytes_per_second, static_cast<std::uint64_t>(*rate));
  }
}

void Conductor::measure_all() {
  for (const auto& round : rounds_of(report_.hops.size())) measure(round, false);
  const Deadline deadline(again_wait);
  for (const auto hop : slow_hops(report_)) {
    if (deadline.is_over()) break;  // the first values stand for the rest
    const auto first = report_.hops[hop];
    measure({hop}, true);
    if (!report_.hops[hop].problem.empty()) report_.hops[hop] = first;
  }
}

/// A rank may only begin a sum when the next one no longer serves.
bool Conductor::hold_all() {
  for (const auto rank : ring_) tell(rank, "hold");
  const Deadline deadline(line_wait);
  return std::ranges::all_of(
      ring_, [&](std::size_t rank) { return answer_of(rank, deadline).has_value(); });
}

void Conductor::sum_up() {
  if (ring_.empty()) return;
  auto& allreduce = report_.allreduce.emplace();
  allreduce.size = base::Bytes(n_summed * sizeof(std::uint64_t));
  for (const auto& hop : report_.hops) {
    if (hop.problem.empty()) continue;
    allreduce.problem = hop.from + " -> " + hop.to + " is not there";
    return;
  }
  if (!hold_all()) {
    allreduce.problem = "a node stopped answering";
    return;
  }
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    tell(ring_[i], "sum " + std::to_string(i) + ' ' + std::to_string(ring_.size()));
  }
  const Deadline deadline(sum_wait);
  for (const auto rank : ring_) {
    const auto& node = report_.nodes[rank];
    const auto line = answer_of(rank, deadline);
    const auto words = base::split(line ? std::string_view(*line) : std::string_view(), ' ');
    const auto token = number(words.front());
    const auto took = words.size() == 3 ? number(words[1]) : std::nullopt;
    if (!token || !took) {
      const auto why = line ? failure_in(*line).value_or(*line) : node.problem;
      allreduce.problem = node.node + ": " + why;
      continue;
    }
    allreduce.token = std::max(allreduce.token, base::Duration(*token));
    allreduce.took = std::max(allreduce.took, base::Duration(*took));
    if (words[2] != "right") allreduce.wrong.push_back(node.node);
  }
}

/// All ranks, or none: a launcher ends a step whose ranks wait for one that will not come.
void Conductor::meet() {
  if (!std::ranges::all_of(players_,
                           [](const Player& player) { return static_cast<bool>(player.link); })) {
    return;
  }
  auto& start_up = report_.start_up.emplace();
  for (std::size_t rank = 0; rank < players_.size(); ++rank) tell(rank, "meet");
  const Deadline deadline(meet_wait);
  for (std::size_t rank = 0; rank < players_.size(); ++rank) {
    const auto& node = report_.nodes[rank];
    const auto line = answer_of(rank, deadline);
    const auto took = line ? number(*line) : std::nullopt;
    if (took) {
      start_up.took = std::max(start_up.took, base::Duration(*took));
    } else if (start_up.problem.empty()) {
      const auto why = line ? failure_in(*line).value_or(*line) : node.problem;
      start_up.problem = node.node + ": " + why;
    }
  }
}

/// Together only when all are there: who sums up waits for all others.
void Conductor::check_gpus() {
  if (seat_.gpu_program.empty()) return;
  // The first rank's program listens at the same port.
  listener_ = loop::OwnedFd();
  const bool are_all = std::ranges::all_of(
      players_, [](const Player& player) { return static_cast<bool>(player.link); });
  const bool together = are_all && players_.size() > 1;
  for (std::size_t rank = 0; rank < players_.size(); ++rank) {
    tell(rank, together ? "gpus together" : "gpus");
  }
  const Deadline deadline(gpu_wait);
  for (std::size_t rank = 0; rank < players_.size(); ++rank) {
    const auto line = answer_of(rank, deadline);
    if (!line) continue;
    auto checks = wire::gpu_checks_from_json(*line);
    if (!checks) {
      checks = model::GpuChecks{.problem = "not understood: " + checks.error().text, .gpus = {}};
    }
    report_.nodes[rank].gpu_checks = *std::move(checks);
  }
}

}  // namespace doctor
