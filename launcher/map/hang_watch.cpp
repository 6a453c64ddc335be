#include "launcher/map/hang_watch.h"

#include <algorithm>
#include <chrono>

namespace mapping {

namespace {

constexpr base::Duration shortest = std::chrono::milliseconds(250);
constexpr base::Duration longest = std::chrono::seconds(2);

}  // namespace

base::Duration look_interval(const model::HangLimit& limit) {
  return std::clamp(limit.after / 20, shortest, longest);
}

HangWatch::HangWatch(model::HangLimit limit, std::size_t n_nodes)
    : limit_(limit), nodes_(n_nodes) {}

void HangWatch::take(std::size_t node, const model::NodeIdle& idle) {
  auto& known = nodes_[node];
  known.said = idle;
  known.n_in_a_row = idle.idle >= limit_.after ? known.n_in_a_row + 1 : 0;
}

void HangWatch::node_ended(std::size_t node) {
  nodes_[node].ended = true;
}

std::optional<model::Failure> HangWatch::take_hang(const model::LaunchKey& key) {
  if (!limit_.is_on() || is_told_) return std::nullopt;
  // What the others said last may be a look old, and they have stirred since: they say it twice.
  const int n_needed = nodes_.size() > 1 ? 2 : 1;
  std::optional<model::NodeIdle> latest;  // of the node that was the last to do something
  for (const auto& node : nodes_) {
    if (node.ended) continue;
    if (node.n_in_a_row < n_needed) return std::nullopt;
    if (!latest || node.said->idle < latest->idle) latest = node.said;
  }
  if (!latest) return std::nullopt;
  is_told_ = true;
  model::Failure hang;
  hang.cause = model::Cause::hang;
  hang.step = key.step;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(latest->idle);
  hang.text = std::string(limit_.output_only ? "no output" : "no output and no CPU time") +
              " for " + base::to_text(base::Duration(seconds)) + ", since " +
              base::to_text(latest->since) + "; stacks: muster show --stacks " + to_text(key.job) +
              " --step " + to_text(*key.step) + " --attempt " + std::to_string(key.attempt);
  return hang;
}

}  // namespace mapping
