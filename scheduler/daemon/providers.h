#pragma once
// The providers of all pools: what the core orders goes to the one of the pool.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/log.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"
#include "scheduler/daemon/exec_nodes.h"
#include "scheduler/daemon/local_nodes.h"
#include "scheduler/daemon/local_slices.h"
#include "scheduler/daemon/members.h"
#include "scheduler/daemon/paths.h"

namespace loop {
class Loop;
}

namespace musterd {

class Providers {
 public:
  struct Parts {
    const conf::Config& config;
    const Paths& paths;
    const std::vector<LocalSlice>& slices;
    std::string agent_program;
    std::vector<std::string> known_pools;  // of the state
    Members* members = nullptr;            // needed for pools with a program
    std::string listens;                   // where machines dial in: "tls:HOST:PORT"
    std::function<void(scheduler::Input)> say;
    std::function<base::Time()> now;
  };

  /// Errors: those of the authority's files and of the file system.
  static base::Result<std::unique_ptr<Providers>> open(loop::Loop& loop, Parts parts,
                                                       const loop::Log& log);

  void create(const scheduler::CreateNode& create);
  void destroy(const scheduler::DestroyNode& destroy);
  /// Asks each what is there, at the start.
  void list();
  /// Ends all nodes; `gone` runs when that is done, or cannot be.
  void stop(std::function<void()> gone);
  /// What is wrong with one of them; empty: nothing.
  std::string trouble() const;

  /// Agents of this machine.
  LocalNodes& local() { return *local_; }

 private:
  Providers(Parts parts, const loop::Log& log) : parts_(std::move(parts)), log_(log) {}
  base::Result<std::string> cluster_id() const;
  using Sites = std::vector<model::ProviderSite>;
  base::Result<void> add_program(loop::Loop& loop, const conf::Pool& pool);
  base::Result<bool> add_earlier(loop::Loop& loop, const std::string& pool);
  base::Result<void> add(loop::Loop& loop, ExecNodes::Settings settings, const Sites& sites,
                         std::function<void(std::vector<std::string>, ExecNodes::Invited)> invite);
  base::Result<std::optional<Sites>> recorded(const std::string& pool) const;
  base::Result<void> record(const std::string& pool, const Sites& sites) const;
  void leave_site(const std::string& pool, std::size_t place);
  Provider& provider_of(const std::string& pool);

  Parts parts_;
  const loop::Log& log_;
  std::unique_ptr<LocalNodes> local_;
  std::map<std::string, std::unique_ptr<ExecNodes>> by_pool_;
  std::map<std::string, std::vector<std::optional<model::ProviderSite>>> sites_;  // none: left
  std::size_t n_stopping_ = 0;
};

}  // namespace musterd
