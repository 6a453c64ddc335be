#include "sim/cluster.h"

#include <array>
#include <memory>
#include <vector>

#include "scheduler/policy/policy.h"
#include "sim/controller_host.h"
#include "sim/events.h"
#include "sim/node_host.h"
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

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed)
      : random_(seed),
        controller_({.events = events_,
                     .random = random_,
                     .truth = truth_,
                     .to_agent = [this](const auto& node,
                                        auto message) { to_agent(node, std::move(message)); },
                     .cut_all_links = [this] { cut_all_links(); }},
                    {.owner_uid = 0,
                     .licenses = {{std::string(license), n_of_license}},
                     .quotas = quotas_of(seed)},
                    policy::make({.order = order_of(seed), .slice = 20s})),
        users_(events_, random_, truth_, controller_) {
    const auto n_nodes = random_.below(4) + 2;
    for (std::uint64_t i = 0; i < n_nodes; ++i) add_node(static_cast<int>(i) + 1);
  }

  Result run() {
    for (auto& node : nodes_) node->start_agent();
    controller_.start();
    users_.plan(n_jobs, static_cast<int>(nodes_.size()), faulty_time);
    plan_fault();
    run_until(events_.now() + faulty_time);
    calm_down();
    run_until(events_.now() + calm_time);
    judge();
    return {truth_.violation(), users_.n_acknowledged(), truth_.n_started(), n_faults_};
  }

 private:
  void add_node(int number) {
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
        std::move(info)));
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
    const auto kind = random_.below(10);
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
      events_.after(away, [&node] { node.start_agent(); });
    } else if (kind <= 6) {
      node.link().cut();
    } else if (kind == 7) {
      node.kill_a_launcher();
    } else if (kind == 8) {
      node.reboot();
      events_.after(away, [&node] { node.start_agent(); });
    } else {
      controller_.stall(up_to(random_, 5s));
    }
  }

  void calm_down() {
    is_calm_ = true;
    controller_.start();
    for (auto& node : nodes_) node->start_agent();
  }

  void judge() {
    if (truth_.violation()) return;
    if (users_.n_unanswered() > 0)
      truth_.violate(Property::unfinished, "a submission was never answered");
    if (!controller_.is_up()) return;
    controller_.check_replay();
    truth_.check_kept(controller_.engine().state());
    truth_.check_outcomes(controller_.engine());
  }

  base::Random random_;
  Events events_;
  Truth truth_;
  ControllerHost controller_;
  Users users_;
  std::vector<std::unique_ptr<NodeHost>> nodes_;
  bool is_calm_ = false;
  std::size_t n_faults_ = 0;
};

}  // namespace

Result run_cluster(std::uint64_t seed) {
  return std::make_unique<Cluster>(seed)->run();
}

}  // namespace sim
