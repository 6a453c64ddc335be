#include "scheduler/daemon/providers.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/text.h"
#include "lib/base/words.h"
#include "lib/loop/files.h"

namespace musterd {

namespace {

constexpr base::Duration certificate_life = std::chrono::hours(24 * 90);
constexpr std::size_t fingerprint_digits = 8;

/// What every node of the pool has in common.
model::NodeSpec order_of(const conf::Pool& pool) {
  return {.name = {},
          .cluster = {},
          .pool = pool.name,
          .tier = pool.tier,
          .cores = pool.cpus_per_node,
          .memory = pool.memory_per_node.value_or(base::Bytes()),
          .gpus = pool.gpus_per_node,
          .gpu_kind = pool.gpu_kind,
          .features = pool.features,
          .controller = {},
          .token = {},
          .agent = {},
          .start_timeout = pool.start_timeout,
          .life = pool.node_life,
          .options = pool.options};
}

}  // namespace

base::Result<std::unique_ptr<Providers>> Providers::open(loop::Loop& loop, Parts parts,
                                                         const loop::Log& log) {
  std::unique_ptr<Providers> providers(new Providers(std::move(parts), log));
  auto& own = providers->parts_;
  std::vector<std::string> local_pools;
  for (const auto& pool : own.config.pools) {
    if (pool.provider == "local") local_pools.push_back(pool.name);
    if (!pool.has_program()) continue;
    if (auto added = providers->add_program(loop, pool); !added)
      return std::unexpected(added.error().in("pool '" + pool.name + "'"));
  }
  // Those of an earlier configuration: their agents may live.
  for (const auto& pool : own.known_pools) {
    const bool is_configured =
        std::ranges::find(own.config.pools, pool, &conf::Pool::name) != own.config.pools.end();
    if (!is_configured && !providers->has_lost_program(pool)) local_pools.push_back(pool);
  }
  if (local_pools.empty()) local_pools.emplace_back();  // none, in place of all
  providers->local_ =
      std::make_unique<LocalNodes>(loop,
                                   LocalNodes::Parts{.program = own.agent_program,
                                                     .paths = own.paths,
                                                     .slices = own.slices,
                                                     .pools = std::move(local_pools),
                                                     .say = own.say},
                                   log);
  return providers;
}

base::Result<void> Providers::add_program(loop::Loop& loop, const conf::Pool& pool) {
  auto words = base::split_words(pool.program);
  if (!words) return std::unexpected(words.error());
  const auto& listen = parts_.config.listen;
  auto address = pki::dialled_address(parts_.listens, listen.address);
  if (!address) return std::unexpected(address.error());
  const auto fingerprint = pki::Folder(parts_.paths.tls_dir()).authority_fingerprint();
  if (!fingerprint) return std::unexpected(fingerprint.error());
  auto order = order_of(pool);
  order.cluster = parts_.config.cluster.name + "-" + fingerprint->substr(0, fingerprint_digits);
  order.controller = "tls:" + *address;
  order.agent = parts_.agent_program;
  if (auto made = loop::make_directories(parts_.paths.programs_dir(), 0700); !made) return made;
  auto marked = loop::write_file_atomic(parts_.paths.programs_dir() + "/" + pool.name,
                                        pool.program + "\n", {.mode = 0600, .sync = true});
  if (!marked) return marked;
  const auto invite = [members = parts_.members, now = parts_.now, timeout = pool.start_timeout,
                       name = pool.name, at = *address](std::vector<std::string> names, auto done) {
    members->invite(
        std::move(names),
        {.pool = name, .life = certificate_life, .until = now() + timeout, .address = at},
        std::move(done));
  };
  by_pool_.emplace(pool.name,
                   std::make_unique<ExecNodes>(
                       loop,
                       ExecNodes::Settings{.program = *std::move(words),
                                           .limit = pool.program_timeout,
                                           .reconcile = pool.reconcile_interval,
                                           .order = std::move(order)},
                       ExecNodes::Doors{.say = parts_.say,
                                        .now = parts_.now,
                                        .invite = invite,
                                        .expel = [members = parts_.members](
                                                     const auto& name) { members->expel(name); }},
                       log_));
  return {};
}

/// A pool that had one by an earlier configuration.
bool Providers::has_lost_program(const std::string& pool) const {
  const auto path = parts_.paths.programs_dir() + "/" + pool;
  return !pool.empty() && !by_pool_.contains(pool) && ::access(path.c_str(), F_OK) == 0;
}

/// Null: nobody can do anything about its nodes.
Provider* Providers::provider_of(const std::string& pool) {
  const auto found = by_pool_.find(pool);
  if (found != by_pool_.end()) return found->second.get();
  return has_lost_program(pool) ? nullptr : local_.get();
}

void Providers::create(const scheduler::CreateNode& create) {
  if (auto* provider = provider_of(create.pool)) provider->create(create.name);
}

void Providers::destroy(const scheduler::DestroyNode& destroy) {
  if (auto* provider = provider_of(destroy.pool)) return provider->destroy(destroy.name);
  log_.error(
      "node_without_provider",
      {{"node", destroy.name},
       {"pool", destroy.pool},
       {"why",
        "muster.toml has its pool, or its program, no longer, so that nobody can end it: put "
        "that back, with max_nodes = 1 and muster pool NAME scale 0, until it is gone"}});
}

void Providers::list() {
  local_->list();
  for (const auto& [pool, provider] : by_pool_) provider->list();
}

void Providers::stop(std::function<void()> gone) {
  n_stopping_ = 1 + by_pool_.size();
  const auto one_gone = [this, gone = std::move(gone)] {
    if (--n_stopping_ == 0) gone();
  };
  for (const auto& [pool, provider] : by_pool_) provider->stop(one_gone);
  local_->stop(one_gone);
}

std::string Providers::trouble() const {
  for (const auto& [pool, provider] : by_pool_) {
    if (auto trouble = provider->trouble(); !trouble.empty())
      return "pool " + pool + ": " + trouble;
  }
  return local_->trouble();
}

}  // namespace musterd
