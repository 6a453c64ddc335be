#pragma once
// The simulated controller machine: the real engine over a journal that loses its unsynced tail in
// a crash.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "scheduler/core/engine.h"
#include "sim/events.h"
#include "sim/truth.h"

namespace sim {

class ControllerHost {
 public:
  struct World {
    Events& events;
    base::Random& random;
    Truth& truth;
    std::function<void(const std::string& node, model::ToAgent)> to_agent;
    std::function<void()> cut_all_links;
    // The provider's, of a cluster whose nodes come and go.
    std::function<void(const std::string& node)> create = nullptr;
    std::function<void(const std::string& node)> destroy = nullptr;
    std::function<std::vector<std::string>()> list = nullptr;
  };
  using Callback = std::function<void(const base::Result<scheduler::Answer>&)>;

  ControllerHost(World world, scheduler::Settings settings, scheduler::Policy policy);

  bool is_up() const { return engine_.has_value(); }
  void start();
  void crash();
  void stall(base::Duration duration);  // the disk takes that long for the next sync

  void hear(const std::string& node, const model::FromAgent& message);
  void link_broke(const std::string& node);
  /// What the provider says; lost when the controller is down.
  void say(const scheduler::Input& input);

  /// Sends a request; the callback is lost with a crash.
  void ask(const std::function<scheduler::Input(scheduler::RequestId)>& make, Callback callback);

  /// The engine, which must be up.
  const scheduler::Engine& engine() const { return *engine_; }
  bool is_synced() const { return unsynced_.empty(); }
  bool has_site_programs() const { return !settings_.site_programs.empty(); }
  /// Each eviction of an attempt is in the record of its job, once.
  void check_evictions();
  void check_replay();

 private:
  void give(const scheduler::Input& input);
  bool is_evicted(const scheduler::Node& node) const;
  void check_free(const std::string& node);
  void check_licenses();
  void begin_sync();
  void synced(std::size_t n_facts);
  void perform(scheduler::Action action);
  void arm_tick();
  void compact();
  scheduler::Engine replayed() const;
  std::optional<model::NodeId> node_of(const std::string& name) const;

  World world_;
  scheduler::Settings settings_;
  scheduler::Policy policy_;
  std::vector<std::string> disk_;  // encoded facts
  std::vector<std::string> unsynced_;
  bool is_syncing_ = false;
  base::Duration stall_{};
  std::optional<scheduler::Engine> engine_;
  std::uint64_t life_ = 0;
  std::map<scheduler::RequestId, Callback> callbacks_;
  scheduler::RequestId next_request_{1};
  std::map<std::string, model::NodeId> sessions_;
};

}  // namespace sim
