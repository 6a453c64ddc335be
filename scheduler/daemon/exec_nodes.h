#pragma once
// The provider "exec": a program of the site makes and ends the nodes of one pool
// (docs/providers.md). What the program says counts as soon as the line is there.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "lib/model/provider.h"
#include "scheduler/core/input.h"
#include "scheduler/daemon/machine_list.h"
#include "scheduler/daemon/program_call.h"
#include "scheduler/daemon/provider.h"

namespace loop {
class Loop;
}

namespace musterd {

class ExecNodes : public Provider {
 public:
  /// With what machines are made, listed and ended.
  struct Site {
    std::vector<std::string> program;  // and its first arguments
    std::string cluster;
    std::string options;
  };
  struct Settings {
    std::vector<std::string> program;  // and its first arguments
    base::Duration limit{};            // of time for a call
    base::Duration reconcile{};        // from one list to the next
    model::NodeSpec order;             // of any node: without name, birth and token
    std::vector<Site> earlier = {};    // of other configurations, where there may be machines
    bool makes_nodes = true;           // false: the pool is one of an earlier configuration
  };
  using Invited = std::function<void(base::Result<std::vector<std::string>>)>;
  /// What it needs of the controller.
  struct Doors {
    std::function<void(scheduler::Input)> say;
    std::function<base::Time()> now;
    /// Tokens for these names, in their order, later.
    std::function<void(std::vector<std::string>, Invited)> invite;
    /// The agent of this name is welcome no longer.
    std::function<void(const std::string&)> expel;
    /// No machine is left at this site: 0 is the present one, where the pool makes none any more.
    std::function<void(std::size_t)> left;
  };

  ExecNodes(loop::Loop& loop, Settings settings, Doors doors, const loop::Log& log);
  ~ExecNodes() override;

  void create(const std::string& name, const std::string& birth) override;
  void destroy(const std::string& name) override;
  /// From now on again and again.
  void list() override;
  void stop(std::function<void()> gone) override;
  std::string trouble() const override { return trouble_; }

 private:
  enum class Verb { create, destroy, list, watch, thin_out };
  enum class Doing { nothing, creating, destroying };

  struct Node {
    bool is_wanted = false;
    bool is_there = false;     // by the last that was heard
    bool is_expelled = false;  // its agent may not come any more
    int n_tries = 0;           // to end it when the cluster ends
    Doing doing = Doing::nothing;
    std::string id;
    std::string birth;
    std::size_t site = 0;  // where it is; 0: the present one
    base::Time changed_at;
  };
  using CallId = std::uint64_t;
  struct Call {
    Verb verb = Verb::create;
    std::vector<std::string> names;             // that have no answer yet
    std::vector<std::string> tokens;            // told to the program, and to nobody else
    std::string rubbish;                        // the first line that was no answer, and why
    std::map<std::string, std::string> extras;  // thin_out: ids by names
    std::size_t site = 0;
    base::Time asked_at;
    std::unique_ptr<ProgramCall> program;
  };

  void ask_later();
  void ask();
  std::vector<std::string> take_names(std::set<std::string>& names, Doing doing);
  std::vector<std::string> take_names_of_site(std::size_t site);
  bool is_asked(std::size_t site) const;
  std::size_t n_sites() const { return 1 + settings_.earlier.size(); }
  Site site_at(std::size_t site) const;
  bool may_call(Verb verb) const;
  void start_create();
  void start_destroy();
  void start_list();
  void start_watch();
  void start(Verb verb, std::vector<std::string> names, std::optional<std::string> input,
             std::vector<std::string> tokens = {}, std::size_t site = 0);
  void run(CallId id, std::optional<std::string> input);
  void said(CallId id, std::string_view line);
  void answered(Call& call, const model::ProviderAnswer& answer);
  void listed(Call& call, const model::ProviderAnswer& answer);
  void watched(const model::ProviderAnswer& answer);
  void ended(CallId id, const ProgramCall::End& end);
  void thinned_out(Call& call, const model::ProviderAnswer& answer);
  void site_listed(const Call& call, const std::string& why);
  void list_ended(const MachineList& list);
  void list_failed(const std::string& why);
  void take_list(const MachineList& list);
  void thin_out(const MachineList& list);
  void leave_sites(const MachineList& list);
  void watch_ended(const ProgramCall::End& end);
  void end_all(const MachineList& list);
  void node_made(const std::string& name, const std::string& id);
  void node_not_made(const std::string& name, const std::string& why, bool is_capacity);
  void node_gone(const std::string& name);
  void node_not_gone(const std::string& name, const std::string& why);
  void note(Node& node, Doing doing);
  void look_if_stopped();
  model::NodeReference reference(const std::string& name, std::size_t site) const;

  loop::Loop& loop_;
  Settings settings_;
  Doors doors_;
  const loop::Log& log_;
  std::map<std::string, Node> nodes_;
  std::set<std::string> to_create_;
  std::set<std::string> to_destroy_;
  std::map<CallId, Call> calls_;
  CallId last_call_ = 0;
  std::optional<MachineList> list_;  // that is asked for
  std::set<std::size_t> left_;       // sites that are asked no more
  base::Time opened_at_;
  std::size_t n_invited_ = 0;  // creates that wait for their tokens
  bool is_asking_ = false;     // at the end of this turn of the loop
  bool is_again_ = false;      // a list was good since the start
  bool has_watch_ = true;
  bool is_stopping_ = false;
  bool is_stop_listed_ = false;
  int n_stop_lists_ = 0;
  std::function<void()> gone_;
  std::string trouble_;
  base::Duration list_pause_{};
  base::Duration watch_pause_{};
  loop::Timer list_timer_;
  loop::Timer watch_timer_;
  std::shared_ptr<ExecNodes*> self_;  // for calls that come back; empty once this is destroyed
};

}  // namespace musterd
