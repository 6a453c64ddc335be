#pragma once
// A controller with one pool whose provider does at once what it is asked, or what a test says.

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/controller.h"

namespace support {

class PoolSite {
 public:
  struct Size {
    int least = 0;
    int most = 4;
    base::Duration life{};  // of a node
    bool has_program = false;
  };

  explicit PoolSite(Size size, scheduler::Settings settings = {})
      : controller(with_pool(std::move(settings), size)) {
    (void)controller.give(scheduler::Restarted{});
    (void)controller.give(scheduler::ProviderHas{{}});
  }

  /// Every node that was asked for comes, and every one that was to go has gone.
  void bring_up() {
    for (int round = 0; round < 8; ++round) {
      refresh();
      for (const auto& name : std::exchange(to_make_, {})) {
        (void)controller.give(scheduler::ProviderMade{name});
        (void)controller.give(scheduler::NodeHello{hello(node(name, 4, 2))});
      }
      for (const auto& name : std::exchange(to_end_, {}))
        (void)controller.give(scheduler::ProviderEnded{name, {}});
    }
  }

  /// None of those that were asked for comes.
  void fail_all(const std::string& why) {
    refresh();
    for (const auto& name : std::exchange(to_make_, {}))
      (void)controller.give(scheduler::ProviderFailed{name, why, true});
    to_end_.clear();
  }

  base::Result<scheduler::Answer> change(model::PoolChange change) {
    change.pool = "default";
    const auto actions = controller.give(scheduler::ChangePool{
        controller.next_request(), {.uid = 0, .gid = 0, .name = "root"}, change});
    return only<scheduler::Reply>(actions).front().answer;
  }

  model::NodeLife life(const std::string& name) const {
    return controller.engine().state().nodes.at(controller.node_id(name)).provided->life;
  }
  int n_there() const { return pool().n_there(); }
  int n_in(model::NodeLife life) const { return pool().n_in(life); }
  const scheduler::Pool& pool() const { return controller.engine().state().pools.at("default"); }
  int n_created() const {
    int n = 0;
    for (const auto& fact : controller.facts()) {
      const auto* turned = std::get_if<model::NodeTurned>(&fact.body);
      if (turned != nullptr && turned->life == model::NodeLife::starting) ++n;
    }
    return n;
  }

  Controller controller;

 private:
  static scheduler::Settings with_pool(scheduler::Settings settings, Size size) {
    scheduler::ProvidedPool pool{.name = "default",
                                 .least = size.least,
                                 .most = size.most,
                                 .has_program = size.has_program,
                                 .life = size.life};
    for (int i = 1; i <= 4; ++i) pool.nodes.push_back(node("n" + std::to_string(i), 4, 2));
    settings.provided = {pool};
    return settings;
  }

  /// By the state, for requests may have been given elsewhere.
  void refresh() {
    to_make_.clear();
    to_end_.clear();
    for (const auto& [id, each] : controller.engine().state().nodes) {
      if (each.provided->life == model::NodeLife::starting) to_make_.push_back(each.info.name);
      if (each.provided->life == model::NodeLife::leaving) to_end_.push_back(each.info.name);
    }
  }

  std::vector<std::string> to_make_;
  std::vector<std::string> to_end_;
};

}  // namespace support
