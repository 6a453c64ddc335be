#pragma once
// The simulated provider of a pool's nodes: slow, forgetful, short of room, and it loses nodes.

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/random.h"
#include "scheduler/core/input.h"
#include "sim/events.h"

namespace sim {

class Provider {
 public:
  struct World {
    Events& events;
    base::Random& random;
    std::function<void(const scheduler::Input&)> say;    // to the controller, if it listens
    std::function<void(const std::string& node)> start;  // the machine comes, with its agent
    std::function<void(const std::string& node)> end;    // it goes, with all that runs there
  };

  explicit Provider(World world) : world_(std::move(world)) {}

  void create(const std::string& node);
  void destroy(const std::string& node);
  std::vector<std::string> list() const;

  /// The machine is gone, and the controller may or may not be told.
  void lose(const std::string& node);

  bool is_there(const std::string& node) const;
  /// From now on all goes well.
  void calm_down() { is_calm_ = true; }
  /// Of the last machine that was made or ended.
  base::Time last_change() const { return last_change_; }
  std::size_t n_made() const { return n_made_; }
  std::size_t times_made(const std::string& node) const;

 private:
  enum class Is { gone, making, there, ending };
  struct Machine {
    Is is = Is::gone;
    bool is_wanted_again = false;  // asked for while it was ending
    std::size_t times_made = 0;
  };

  bool goes_wrong(unsigned percent);
  void say(const scheduler::Input& input);
  void make(const std::string& node);
  void end(const std::string& node, std::string why);

  World world_;
  std::map<std::string, Machine> machines_;
  bool is_calm_ = false;
  base::Time last_change_;
  std::size_t n_made_ = 0;
};

}  // namespace sim
