#include "sim/provider.h"

#include <utility>

namespace sim {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_making = 20s;
constexpr auto longest_ending = 5s;
constexpr unsigned percent_no_room = 15;
constexpr unsigned percent_failed = 10;
constexpr unsigned percent_mute = 5;  // made, but its agent never starts
constexpr unsigned percent_forgotten = 10;
constexpr unsigned percent_unheard = 10;

}  // namespace

bool Provider::goes_wrong(unsigned percent) {
  const bool is_bad = world_.random.chance(percent);
  return is_bad && !is_calm_;
}

void Provider::say(const scheduler::Input& input) {
  if (!goes_wrong(percent_unheard)) world_.say(input);
}

void Provider::create(const std::string& node) {
  auto& machine = machines_[node];
  if (machine.is == Is::there) return say(scheduler::ProviderMade{node});
  if (machine.is == Is::ending) machine.is_wanted_again = true;
  if (machine.is == Is::gone) make(node);
}

void Provider::make(const std::string& node) {
  machines_[node].is = Is::making;
  machines_[node].is_wanted_again = false;
  const auto pause = up_to(world_.random, longest_making);
  world_.events.after(pause, [this, node] {
    if (machines_.at(node).is != Is::making) return;
    const bool has_no_room = goes_wrong(percent_no_room);
    if (has_no_room || goes_wrong(percent_failed)) {
      machines_.at(node).is = Is::gone;
      return say(scheduler::ProviderFailed{node, has_no_room ? "no more of these" : "it broke",
                                           has_no_room});
    }
    machines_.at(node).is = Is::there;
    ++machines_.at(node).times_made;
    last_change_ = world_.events.now();
    ++n_made_;
    if (!goes_wrong(percent_mute)) world_.start(node);
    say(scheduler::ProviderMade{node});
  });
}

void Provider::destroy(const std::string& node) {
  if (goes_wrong(percent_forgotten)) return;
  auto& machine = machines_[node];
  machine.is_wanted_again = false;
  if (machine.is == Is::gone) return say(scheduler::ProviderEnded{node, {}});
  if (machine.is == Is::ending) return;
  machine.is = Is::ending;
  const auto pause = up_to(world_.random, longest_ending);
  world_.events.after(pause, [this, node] { end(node, {}); });
}

void Provider::end(const std::string& node, std::string why) {
  auto& machine = machines_.at(node);
  if (machine.is == Is::gone) return;
  machine.is = Is::gone;
  last_change_ = world_.events.now();
  world_.end(node);
  const bool is_again = std::exchange(machine.is_wanted_again, false);
  if (is_again) return make(node);
  say(scheduler::ProviderEnded{node, std::move(why)});
}

void Provider::lose(const std::string& node) {
  if (is_there(node)) end(node, "it was taken away");
}

std::vector<std::string> Provider::list() const {
  std::vector<std::string> names;
  for (const auto& [name, machine] : machines_) {
    if (machine.is != Is::gone) names.push_back(name);
  }
  return names;
}

std::size_t Provider::times_made(const std::string& node) const {
  const auto found = machines_.find(node);
  return found == machines_.end() ? 0 : found->second.times_made;
}

bool Provider::is_there(const std::string& node) const {
  const auto found = machines_.find(node);
  return found != machines_.end() && found->second.is == Is::there;
}

}  // namespace sim
