#include "sim/cluster.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/policy/policy.h"
#include "sim/controller_host.h"
#include "sim/events.h"
#include "sim/node_host.h"
#include "sim/provider.h"
#include "sim/users.h"

namespace sim {

namespace {

using namespace std::chrono_literals;

constexpr auto faulty_time = 300s;
constexpr auto calm_time = 7200s;
constexpr int n_jobs = 40;

/// Of some seeds; all jobs are of one user.
std::vector<scheduler::Quota> quotas_of(std::uint64_t seed) {
  using enum model::QuotaResource;
  if (seed % 3 == 0) return {};
  const auto more = static_cast<std::int64_t>(seed % 5);
  return {{.limits = {{cores, 6 + more}, {nodes, 4}}},
          {.class_name = "urgent", .limits = {{running_jobs, 2}}},
          {.workspace = "owner", .limits = {{cores, 4 + more}}, .lends = true},
          {.workspace = "guest", .limits = {{cores, 2}}, .borrows = true}};
}

policy::Order order_of(std::uint64_t seed) {
  static constexpr std::array orders{policy::Order::fcfs, policy::Order::predicted,
                                     policy::Order::served};
  return orders[seed % orders.size()];
}

constexpr auto quiet_time = 1800s;  // at the end, without any change
constexpr int n_scalings = 8;
constexpr int n_cares = 12;

model::NodeInfo info_of(int number) {
  model::NodeInfo info{.name = "n" + std::to_string(number),
                       .pool = "default",
                       .hostname = "host",
                       .address = {},
                       .boot_id = {},
                       .kernel = {},
                       .version = {},
                       .topology = {}};
  info.topology.numa.push_back({});
  info.topology.memory = base::Bytes(std::uint64_t{1} << 34);
  for (int i = 0; i < 4; ++i) {
    info.topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(i, 1)});
  }
  info.topology.gpus.resize(2);
  return info;
}

std::vector<scheduler::ProvidedPool> pools_of(std::uint64_t seed, int n_nodes) {
  scheduler::ProvidedPool pool{.name = "default",
                               .least = static_cast<int>(seed % 2),
                               .most = n_nodes,
                               .idle_timeout = 30s,
                               .start_timeout = 60s,
                               .has_program = seed % 6 == 3};
  for (int i = 1; i <= n_nodes; ++i) pool.nodes.push_back(info_of(i));
  return {pool};
}

/// On some seeds nodes have to be prepared, and are looked at.
std::map<std::string, model::NodeCare> care_of(std::uint64_t seed) {
  if (seed % 3 != 0) return {};
  return {{"default",
           {.pool = "default",
            .cluster = "sim",
            .setup = "prepare",
            .setup_timeout = 10s,
            .setup_tries = 2,
            .setup_pause = 2s,
            .setup_heal = 20s,
            .health = "look",
            .health_interval = 60s,
            .health_timeout = 5s,
            .checks = true}}};
}

/// On some seeds the site has programs around jobs.
std::map<std::string, model::SitePrograms> site_programs_of(std::uint64_t seed) {
  if (seed % 4 != 1) return {};
  return {{"default", {.prolog = seed % 8 == 1 ? "begin" : "", .epilog = "end"}}};
}

class Cluster {
 public:
  Cluster(std::uint64_t seed, bool has_pool)
      : random_(seed),
        n_nodes_(static_cast<int>(random_.below(4)) + 2),
        has_pool_(has_pool),
        provider_({.events = events_,
                   .random = random_,
                   .say = [this](const auto& input) { controller_.say(input); },
                   .start = [this](const auto& node) { come(host(node)); },
                   .end = [this](const auto& node) { host(node).reboot(); }}),
        controller_(world(),
                    {.owner_uid = 0,
                     .provided = has_pool ? pools_of(seed, n_nodes_)
                                          : std::vector<scheduler::ProvidedPool>(),
                     .licenses = {{std::string(license), n_of_license}},
                     .quotas = quotas_of(seed),
                     .care = care_of(seed),
                     .site_programs = site_programs_of(seed),
                     .suspect_after = seed % 5 == 0 ? 3 : 0},
                    policy::make({.order = order_of(seed), .slice = 20s})),
        users_(events_, random_, truth_, controller_) {
    for (int i = 1; i <= n_nodes_; ++i) add_node(i);
  }

  Result run() {
    for (auto& node : nodes_) start_again(*node);
    controller_.start();
    users_.plan(n_jobs, static_cast<int>(nodes_.size()), faulty_time);
    if (has_pool_) users_.plan_scaling(n_scalings, faulty_time);
    if (has_pool_) users_.plan_care(n_cares, faulty_time);
    if (controller_.has_site_programs()) users_.mend_again();
    plan_fault();
    run_until(events_.now() + faulty_time);
    calm_down();
    end_ = events_.now() + calm_time;
    run_until(end_);
    judge();
    return {truth_.violation(), users_.n_acknowledged(), truth_.n_started(), n_faults_,
            provider_.n_made()};
  }

 private:
  ControllerHost::World world() {
    ControllerHost::World world{
        .events = events_,
        .random = random_,
        .truth = truth_,
        .to_agent = [this](const auto& node, auto message) { to_agent(node, std::move(message)); },
        .cut_all_links = [this] { cut_all_links(); }};
    if (!has_pool_) return world;
    world.create = [this](const auto& node) { provider_.create(node); };
    world.destroy = [this](const auto& node) { provider_.destroy(node); };
    world.list = [this] { return provider_.list(); };
    return world;
  }

  NodeHost& host(const std::string& name) {
    return **std::ranges::find_if(nodes_, [&](const auto& node) { return node->name() == name; });
  }

  /// A machine was made; some are for a time only.
  void come(NodeHost& node) {
    std::optional<base::Time> ends_at;
    if (!is_calm_ && random_.chance(20)) {
      ends_at = events_.now() + up_to(random_, 300s) + 60s;
      lose_at(node.name(), *ends_at);
    }
    node.set_end(ends_at);
    node.start_agent();
  }

  /// If the machine is there then, and no later one of its name.
  void lose_at(const std::string& node, base::Time when) {
    events_.at(when, [this, node, made = provider_.times_made(node)] {
      if (provider_.times_made(node) == made) provider_.lose(node);
    });
  }

  /// With a notice that is kept, or is too long, or comes for a machine that stays.
  void evict(const std::string& node) {
    if (!provider_.is_there(node)) return;
    const auto notice = up_to(random_, 60s);
    controller_.say(scheduler::NodeEvicted{node, notice, "the price rose"});
    const auto kept = random_.below(4);
    if (kept <= 1) lose_at(node, events_.now() + notice);
    if (kept == 2) lose_at(node, events_.now() + up_to(random_, notice));
  }

  /// Unless its machine is gone.
  void start_again(NodeHost& node) {
    if (!has_pool_ || provider_.is_there(node.name())) node.start_agent();
  }

  void add_node(int number) {
    nodes_.push_back(std::make_unique<NodeHost>(
        NodeHost::World{
            .events = events_,
            .random = random_,
            .truth = truth_,
            .controller_listens = [this] { return controller_.is_up(); },
            .to_controller = [this](const auto& node,
                                    const auto& message) { controller_.hear(node, message); },
            .controller_sees_break = [this](const auto& node) { controller_.link_broke(node); },
            .script_runs = [this](const auto& key) { users_.script_runs(key); }},
        info_of(number)));
  }

  void to_agent(const std::string& name, model::ToAgent message) {
    for (auto& node : nodes_) {
      if (node->name() == name) node->link().send(std::move(message));
    }
  }

  void cut_all_links() {
    for (auto& node : nodes_) node->link().cut();
  }

  void run_until(base::Time until) {
    while (!truth_.violation() && events_.run_next(until)) {
    }
  }

  void plan_fault() {
    const auto pause = up_to(random_, 8s);
    events_.after(pause, [this] {
      if (is_calm_) return;
      fault();
      plan_fault();
    });
  }

  void fault() {
    ++n_faults_;
    const auto kind = random_.below(has_pool_ ? 13 : 10);
    const auto chosen = random_.below(nodes_.size());
    auto& node = *nodes_[chosen];
    // Mostly back soon; sometimes away for so long that the node is written off.
    const bool is_long = random_.chance(10);
    const auto away = up_to(random_, is_long ? 150s : 10s);
    if (kind <= 2) {
      controller_.crash();
      events_.after(away, [this] { controller_.start(); });
    } else if (kind <= 4) {
      node.kill_agent();
      events_.after(away, [this, &node] { start_again(node); });
    } else if (kind <= 6) {
      node.link().cut();
    } else if (kind == 7) {
      node.kill_a_launcher();
    } else if (kind == 8) {
      node.reboot();
      events_.after(away, [this, &node] { start_again(node); });
    } else if (kind == 10) {
      provider_.lose(node.name());
    } else if (kind >= 11) {
      evict(node.name());
    } else {
      controller_.stall(up_to(random_, 5s));
    }
  }

  void calm_down() {
    is_calm_ = true;
    provider_.calm_down();
    controller_.start();
    if (has_pool_) users_.let_pool_be();
    for (auto& node : nodes_) {
      node->calm_down();
      start_again(*node);
    }
  }

  void judge() {
    if (truth_.violation()) return;
    if (users_.n_unanswered() > 0)
      truth_.violate(Property::unfinished, "a submission was never answered");
    if (!controller_.is_up()) return;
    controller_.check_replay();
    truth_.check_kept(controller_.engine().state());
    truth_.check_outcomes(controller_.engine());
    controller_.check_evictions();
    for (const auto& node : nodes_) {
      if (node->has_agent()) truth_.check_epilogs(node->name());
    }
    if (has_pool_) judge_pool();
  }

  /// The pool has its fewest nodes, and has long had no others.
  void judge_pool() {
    truth_.check_settled_pools(controller_.engine().state(), provider_.list());
    const auto pool = controller_.engine().pools().front();
    if (pool.wanted != pool.least)
      truth_.violate(Property::pools, "nodes are there that nobody needs");
    if (end_ - provider_.last_change() < quiet_time)
      truth_.violate(Property::pools, "nodes come and go while nobody needs any");
  }

  base::Random random_;
  Events events_;
  Truth truth_;
  int n_nodes_;
  bool has_pool_;
  Provider provider_;
  ControllerHost controller_;
  Users users_;
  std::vector<std::unique_ptr<NodeHost>> nodes_;
  bool is_calm_ = false;
  base::Time end_;
  std::size_t n_faults_ = 0;
};

}  // namespace

Result run_cluster(std::uint64_t seed, bool has_pool) {
  return std::make_unique<Cluster>(seed, has_pool)->run();
}

}  // namespace sim
