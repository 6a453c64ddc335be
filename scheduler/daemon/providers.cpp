#include "scheduler/daemon/providers.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "lib/base/text.h"
#include "lib/base/words.h"
#include "lib/loop/files.h"
#include "lib/wire/provider.h"

namespace musterd {

namespace {

constexpr base::Duration certificate_life = std::chrono::hours(24 * 90);
constexpr std::size_t fingerprint_digits = 8;
constexpr std::size_t longest_record = std::size_t{1} << 20;

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

std::string record_path(const Paths& paths, const std::string& pool) {
  return paths.programs_dir() + "/" + pool;
}

/// Also of a journal that is lost.
std::set<std::string> recorded_pools(const Paths& paths) {
  std::set<std::string> pools;
  std::error_code none;  // then no program ever made a machine
  for (const auto& file : std::filesystem::directory_iterator(paths.programs_dir(), none)) {
    auto name = file.path().filename().string();
    if (!name.contains(".tmp.")) pools.insert(std::move(name));
  }
  return pools;
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
  // Those of an earlier configuration: their agents may live, and their machines cost money.
  std::set<std::string> others(own.known_pools.begin(), own.known_pools.end());
  others.merge(recorded_pools(own.paths));
  for (const auto& pool : others) {
    if (providers->by_pool_.contains(pool)) continue;
    const auto added = providers->add_earlier(loop, pool);
    if (!added) return std::unexpected(added.error());
    const bool is_configured =
        std::ranges::find(own.config.pools, pool, &conf::Pool::name) != own.config.pools.end();
    if (!is_configured && !*added) local_pools.push_back(pool);
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

/// As programs know it.
base::Result<std::string> Providers::cluster_id() const {
  const auto fingerprint = pki::Folder(parts_.paths.tls_dir()).authority_fingerprint();
  if (!fingerprint) return std::unexpected(fingerprint.error());
  return parts_.config.cluster.name + "-" + fingerprint->substr(0, fingerprint_digits);
}

/// The sites where machines of the pool may be, from the present one on, are kept in a file: a
/// machine is found and ended with what it was made with, whatever muster.toml says since.
base::Result<void> Providers::add_program(loop::Loop& loop, const conf::Pool& pool) {
  const auto& listen = parts_.config.listen;
  auto address = pki::dialled_address(parts_.listens, listen.address);
  if (!address) return std::unexpected(address.error());
  const auto cluster = cluster_id();
  if (!cluster) return std::unexpected(cluster.error());
  auto order = order_of(pool);
  order.cluster = *cluster;
  order.controller = "tls:" + *address;
  order.agent = parts_.agent_program;
  const model::ProviderSite present{pool.program, order.cluster, pool.options};
  auto known = recorded(pool.name);
  if (!known) return std::unexpected(known.error());
  Sites sites{present};
  for (auto& site : known->value_or(Sites())) {
    // A file of a version that kept no more than the program.
    if (site.cluster.empty()) site = {site.program, present.cluster, present.options};
    if (site != present) sites.push_back(std::move(site));
  }
  const auto invite = [members = parts_.members, now = parts_.now, timeout = pool.start_timeout,
                       name = pool.name, at = *address](std::vector<std::string> names, auto done) {
    members->invite(
        std::move(names),
        {.pool = name, .life = certificate_life, .until = now() + timeout, .address = at},
        std::move(done));
  };
  return add(loop,
             {.program = {},
              .limit = pool.program_timeout,
              .reconcile = pool.reconcile_interval,
              .order = std::move(order)},
             sites, invite);
}

/// A pool that muster.toml has no longer: its machines are listed and ended. False: it had none.
base::Result<bool> Providers::add_earlier(loop::Loop& loop, const std::string& pool) {
  const auto known = recorded(pool);
  if (!known) return std::unexpected(known.error());
  if (!*known || (*known)->empty()) return false;
  auto sites = **known;
  for (auto& site : sites) {
    if (site.cluster.empty()) site.cluster = cluster_id().value_or(std::string());
  }
  const auto configured = std::ranges::find(parts_.config.pools, pool, &conf::Pool::name);
  if (configured != parts_.config.pools.end()) {
    return base::fail(base::Code::conflict,
                      "pool '" + pool + "' has provider = \"" + configured->provider +
                          "\" now, and there may be machines that '" + sites.front().program +
                          "' made for it; expected another name for the new pool, or none of "
                          "either until they are gone: put \"exec\" back, run muster pool " +
                          pool + " scale 0 --when-busy=wait, and then take the pool out until " +
                          record_path(parts_.paths, pool) + " is gone");
  }
  const conf::Pool times{};  // what else it had is not known any more
  auto order = order_of(times);
  order.pool = pool;
  order.cluster = sites.front().cluster;
  order.options = sites.front().options;
  auto added = add(loop,
                   {.program = {},
                    .limit = times.program_timeout,
                    .reconcile = times.reconcile_interval,
                    .order = std::move(order),
                    .earlier = {},
                    .makes_nodes = false},
                   sites, [](const auto&, const auto&) {});
  if (!added) return std::unexpected(added.error());
  log_.warn("pool_without_configuration",
            {{"pool", pool},
             {"program", sites.front().program},
             {"why", "muster.toml has it no longer: its nodes are ended when their jobs have"}});
  return true;
}

base::Result<void> Providers::add(
    loop::Loop& loop, ExecNodes::Settings settings, const Sites& sites,
    std::function<void(std::vector<std::string>, ExecNodes::Invited)> invite) {
  const auto pool = settings.order.pool;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    auto words = base::split_words(sites[i].program);
    if (!words) return std::unexpected(words.error());
    if (i == 0) {
      settings.program = *std::move(words);
    } else {
      settings.earlier.push_back({*std::move(words), sites[i].cluster, sites[i].options});
    }
  }
  if (auto done = record(pool, sites); !done) return done;
  sites_[pool] = {sites.begin(), sites.end()};
  by_pool_.emplace(
      pool,
      std::make_unique<ExecNodes>(
          loop, std::move(settings),
          ExecNodes::Doors{.say = parts_.say,
                           .now = parts_.now,
                           .invite = std::move(invite),
                           .expel =
                               [members = parts_.members](const auto& name) {
                                 if (members != nullptr) members->expel(name);
                               },
                           .left = [this, pool](std::size_t site) { leave_site(pool, site); }},
          log_));
  return {};
}

/// Where machines of the pool may be; none where a program never made any.
base::Result<std::optional<Providers::Sites>> Providers::recorded(const std::string& pool) const {
  const auto path = record_path(parts_.paths, pool);
  if (pool.empty() || ::access(path.c_str(), F_OK) != 0) return std::nullopt;
  const auto text = loop::read_file(path, longest_record);
  if (!text) return std::unexpected(text.error());
  if (auto sites = wire::provider_sites_from_json(*text)) return *std::move(sites);
  // Of a version that kept no more than the program.
  const auto line = text->substr(0, text->find('\n'));
  if (line.empty() || line.front() == '{') {
    return base::fail(
        base::Code::corrupt,
        path + ": expected a line of JSON with \"sites\", found '" + base::printable(line, 200) +
            "'; it says with what machines were made: when there are none, remove it");
  }
  return Sites{{.program = line, .cluster = {}, .options = {}}};
}

base::Result<void> Providers::record(const std::string& pool, const Sites& sites) const {
  const auto path = record_path(parts_.paths, pool);
  if (sites.empty()) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return base::fail(base::Code::io, path + ": " + std::generic_category().message(errno));
  }
  if (auto made = loop::make_directories(parts_.paths.programs_dir(), 0700); !made) return made;
  return loop::write_file_atomic(path, wire::to_json(sites) + "\n", {.mode = 0600, .sync = true});
}

void Providers::leave_site(const std::string& pool, std::size_t place) {
  auto& sites = sites_.at(pool);
  sites.at(place).reset();
  Sites left;
  for (const auto& site : sites) {
    if (site) left.push_back(*site);
  }
  if (const auto done = record(pool, left); !done)
    log_.error("provider_record_failed", {{"pool", pool}, {"why", done.error().text}});
}

Provider& Providers::provider_of(const std::string& pool) {
  const auto found = by_pool_.find(pool);
  return found != by_pool_.end() ? static_cast<Provider&>(*found->second) : *local_;
}

void Providers::create(const scheduler::CreateNode& create) {
  provider_of(create.pool).create(create.name, create.birth);
}

void Providers::destroy(const scheduler::DestroyNode& destroy) {
  provider_of(destroy.pool).destroy(destroy.name);
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
