#include "launcher/exec/rank_server.h"

#include <unistd.h>

#include "launcher/exec/launch.h"
#include "launcher/exec/pmix_module.h"
#include "launcher/map/step_nodes.h"
#include "lib/loop/loop.h"

namespace exec {

namespace {

// Clients send their last messages within this time after their last fence.
constexpr base::Duration hurry_interval = std::chrono::milliseconds(2);
constexpr int n_hurries = 8;

/// Equal on all nodes, different for each attempt, and not to be guessed by other users: from the
/// step's secret.
std::string name_space_of(const model::LaunchOrder& order) {
  return "muster." + to_text(order.key) + "." + order.secret.substr(0, 32);
}

pmix::Setup setup_of(const Launch& launch, const mapping::Placement& placement,
                     const std::string& session_dir) {
  const auto& order = launch.order;
  pmix::Setup setup;
  setup.name_space = name_space_of(order);
  for (const auto& node : mapping::step_nodes(order)) {
    if (node.index == order.node_index) setup.node = setup.nodes.size();
    setup.nodes.push_back({.name = node.name, .ranks = node.ranks});
  }
  setup.by_node = order.step->binding.by_node;
  for (const auto& rank : placement.ranks) setup.cpus.push_back(to_text(rank.cpus));
  setup.session_dir = session_dir;
  setup.topology_xml = launch.topology_xml;
  setup.program = order.step->arguments.empty() ? "" : order.step->arguments.front();
  setup.work_dir = order.step->work_dir;
  setup.attempt = order.key.attempt;
  return setup;
}

}  // namespace

RankServer::RankServer(loop::Loop& loop, RankEvents events)
    : loop_(loop), events_(std::move(events)), hurry_timer_(loop, [this] { hurry(); }) {}

RankServer::~RankServer() {
  if (server_ != nullptr) server_->silence();
}

base::Result<void> RankServer::start(const Launch& launch, const mapping::Placement& placement,
                                     const std::string& session_dir) {
  node_index_ = launch.order.node_index;
  // Ranks are strangers to it: what they could make it do, they may do anyway.
  if (geteuid() != launch.order.user.uid) {
    return base::fail(base::Code::denied,
                      "the PMIx server of a step runs as the user of its job, " +
                          std::to_string(launch.order.user.uid) +
                          ", and this process is that of user " + std::to_string(geteuid()));
  }
  const std::string module = find_pmix_module(launch.programs);
  if (module.empty()) return {};
  auto server = open_pmix(module, setup_of(launch, placement, session_dir), make_events());
  if (!server) return std::unexpected(server.error());
  server_ = *server;
  return {};
}

pmix::Events RankServer::make_events() {
  return {
      .post = [this](std::function<void()> task) { loop_.post(std::move(task)); },
      .connected = events_.connected,
      .finalized = events_.finalized,
      .aborted = events_.aborted,
      .spawns =
          [this](int rank) {
            events_.refused(rank,
                            "it called MPI_Comm_spawn, which Muster does not support: start all "
                            "ranks with 'muster run -n'");
          },
      .fence = [this](std::uint64_t id, std::vector<int> ranks,
                      std::string data) { send_fence(id, std::move(ranks), std::move(data)); },
      .modex =
          [this](std::uint64_t id, int rank) {
            events_.send(model::ModexRequest{
                .request = static_cast<std::uint32_t>(id), .from_node = node_index_, .rank = rank});
          },
  };
}

base::Result<model::Environment> RankServer::environment_of(int rank) {
  return server_ == nullptr ? model::Environment() : server_->environment_of(rank);
}

void RankServer::send_fence(std::uint64_t id, std::vector<int> ranks, std::string data) {
  const std::uint32_t number = next_number_[ranks]++;
  fences_[{ranks, number}] = id;
  events_.send(model::Fence{.ranks = std::move(ranks), .number = number, .data = std::move(data)});
}

void RankServer::take(const model::Fence& fence) {
  const auto found = fences_.find({fence.ranks, fence.number});
  if (found == fences_.end()) return;
  server_->answer_fence(found->second, fence.data);
  fences_.erase(found);
  hurries_left_ = n_hurries;
  hurry_timer_.start(hurry_interval);
}

void RankServer::hurry() {
  server_->hurry_clients();
  if (--hurries_left_ > 0) hurry_timer_.start(hurry_interval);
}

void RankServer::take(const model::ModexRequest& request) {
  if (server_ == nullptr) return;
  server_->data_of(request.rank, [this, request](int status, std::string data) {
    events_.send(model::ModexReply{.request = request.request,
                                   .to_node = request.from_node,
                                   .status = status,
                                   .data = std::move(data)});
  });
}

void RankServer::take(model::ModexReply reply) {
  if (server_ != nullptr) {
    server_->answer_modex(reply.request, reply.status, std::move(reply.data));
  }
}

}  // namespace exec
