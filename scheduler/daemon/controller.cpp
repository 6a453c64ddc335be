#include "scheduler/daemon/controller.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/overloaded.h"
#include "lib/loop/loop.h"
#include "scheduler/configured/configured.h"
#include "scheduler/daemon/fact_log.h"
#include "scheduler/daemon/recovery.h"
#include "scheduler/policy/policy.h"

namespace musterd {

namespace {

constexpr base::Duration short_linger = std::chrono::milliseconds(50);
constexpr base::Duration linger_step = std::chrono::milliseconds(5);

/// The policy, but nothing starts while the gate is closed: the cluster goes down and what waits is
/// kept for its next start.
scheduler::Policy gated(scheduler::Policy policy, std::shared_ptr<const bool> closed) {
  auto plan = policy.plan;
  auto needs = policy.needs;
  policy.needs = [needs, closed](const scheduler::View& view, base::Time now) {
    return *closed ? scheduler::Needs{} : needs(view, now);
  };
  policy.plan = [plan, closed = std::move(closed)](const scheduler::View& view, base::Time now) {
    return *closed ? scheduler::Plan{} : plan(view, now);
  };
  return policy;
}

}  // namespace

base::Result<std::unique_ptr<Controller>> Controller::open(loop::Loop& loop, const Setup& setup) {
  auto gate_closed = std::make_shared<bool>(false);
  auto slices = cut(setup.config.pools, this_machine());
  auto settings = configured::settings(setup.config, setup.owner_uid);
  settings.provided = provided_pools(setup.config.pools, slices);
  scheduler::Engine engine(
      std::move(settings),
      gated(policy::make(configured::policy_options(setup.config)), gate_closed));
  const auto recovered = recover(setup.journal, engine);
  if (!recovered) return std::unexpected(recovered.error().in(setup.paths.journal()));
  setup.log.info("journal_read", {{"facts", recovered->n_facts},
                                  {"seq", engine.last_seq()},
                                  {"jobs", engine.state().jobs.size()}});
  std::unique_ptr<Controller> controller(new Controller(loop, setup,
                                                        {.slices = std::move(slices),
                                                         .engine = std::move(engine),
                                                         .covered = recovered->snapshot_seq,
                                                         .gate_closed = gate_closed}));
  controller->driver_->not_before(recovered->last_at);
  if (auto done = controller->open_members(); !done) {
    return std::unexpected(std::move(done).error());
  }
  if (auto done = controller->open_agents(); !done) return std::unexpected(std::move(done).error());
  if (auto done = controller->open_providers(); !done) {
    return std::unexpected(std::move(done).error());
  }
  controller->make_api();
  if (auto done = controller->listen(); !done) return std::unexpected(std::move(done).error());
  controller->driver_->submit(scheduler::Restarted{});
  controller->providers_->list();
  return controller;
}

Controller::Controller(loop::Loop& loop, const Setup& setup, Made made)
    : loop_(loop),
      setup_(setup),
      slices_(std::move(made.slices)),
      gate_closed_(std::move(made.gate_closed)),
      driver_(std::make_unique<Driver>(
          loop, std::move(made.engine), setup.journal,
          Driver::Hooks{
              .perform = [this](const scheduler::Action& action) { perform(action); },
              .publish = [this](model::Seq seq, const model::Fact& fact) { publish(seq, fact); },
              .failed = [this](const base::Error& error) { fail(error); }})),
      archive_(loop, setup.reader),
      snapshots_({*driver_, setup.journal, archive_, setup.log}, setup.snapshots, made.covered),
      events_(loop, archive_, driver_->durable_seq(), setup.events, setup.log),
      watchdog_(
          loop, driver_->engine(), [gate = gate_closed_] { return *gate; }, setup.log),
      drain_timer_(loop, [this] { drain(); }) {}

Controller::~Controller() = default;

base::Result<void> Controller::open_members() {
  if (setup_.config.listen.agents.empty()) return {};
  auto members = Members::open(loop_, setup_.paths.tls_dir(), setup_.log);
  if (!members) return std::unexpected(std::move(members).error());
  members_ = std::move(*members);
  return {};
}

base::Result<void> Controller::open_agents() {
  std::optional<loop::TlsAddress> remote;
  if (members_) {
    const auto address = loop::parse_address(setup_.config.listen.agents);
    if (!address) return std::unexpected(address.error().in("listen.agents"));
    remote = std::get<loop::TlsAddress>(*address);
  }
  auto agents = Agents::open(
      loop_,
      {.address = loop::UnixAddress{setup_.paths.agents_socket()},
       .controller = "unix:" + setup_.paths.api_socket(),
       .heartbeat = setup_.config.scheduler.heartbeat,
       .shared_tmp = setup_.config.cluster.shared_tmp,
       .containers = configured::containers(setup_.config.containers),
       .owner_uid = setup_.owner_uid,
       .n_sessions = 2 * slices_.size() + 16,
       .remote = std::move(remote),
       .members = members_.get(),
       .take_call =
           [this](loop::Stream stream) {
             if (gate_) gate_->take(std::move(stream));
           }},
      {.submit = [this](scheduler::Input input) { driver_->submit(std::move(input)); },
       .state = [this]() -> const scheduler::State& { return driver_->engine().state(); }},
      setup_.access, setup_.log);
  if (!agents) return std::unexpected(std::move(agents).error());
  agents_ = std::move(*agents);
  return {};
}

base::Result<void> Controller::open_providers() {
  std::vector<std::string> known_pools;
  for (const auto& [pool, stands] : driver_->engine().state().pools) known_pools.push_back(pool);
  const auto remote = agents_->remote_address();
  auto providers =
      Providers::open(loop_,
                      {.config = setup_.config,
                       .paths = setup_.paths,
                       .slices = slices_,
                       .agent_program = setup_.agent_program,
                       .known_pools = std::move(known_pools),
                       .members = members_.get(),
                       .listens = remote ? loop::to_text(*remote) : "",
                       .say = [this](scheduler::Input input) { driver_->submit(std::move(input)); },
                       .now = [this] { return driver_->now(); }},
                      setup_.log);
  if (!providers) return std::unexpected(std::move(providers).error());
  providers_ = *std::move(providers);
  return {};
}

void Controller::make_api() {
  logs_.emplace(loop_, *agents_, LogStreams::Options{}, setup_.log);
  shutdown_.emplace(loop_,
                    Shutdown::Parts{.driver = *driver_,
                                    .requests = requests_,
                                    .agents = *agents_,
                                    .providers = *providers_,
                                    .waits = waits_,
                                    .kill_grace = setup_.config.scheduler.kill_grace,
                                    .owner_uid = setup_.owner_uid,
                                    .close_gate = [this] { *gate_closed_ = true; },
                                    .finished = [this] { stop(ExitStatus::stopped); }},
                    setup_.log);
  api_.emplace(
      Api::Parts{.driver = *driver_,
                 .requests = requests_,
                 .archive = archive_,
                 .events = events_,
                 .logs = *logs_,
                 .agents = *agents_,
                 .waits = waits_,
                 .access = setup_.access,
                 .config = setup_.config,
                 .owner_uid = setup_.owner_uid,
                 .status = [this] { return status(); },
                 .is_machine = [this](const auto& node) { return agents_->is_machine(node); },
                 .is_shown = [this](const scheduler::Node& node) { return is_shown(node); },
                 .is_going_down = [this] { return shutdown_->is_going_down(); },
                 .shut_down =
                     [this](const model::User& user, http::Responder responder) {
                       shutdown_->begin(user, std::move(responder));
                     }});
}

base::Result<void> Controller::listen() {
  const auto& limits = setup_.config.limits;
  const bool is_for_all = setup_.config.cluster.users == "all";
  http::ServerOptions options{.body_bytes = limits.request.count(),
                              .n_connections = static_cast<std::size_t>(limits.connections),
                              .queue_bytes = limits.event_backlog.count(),
                              .on_problem = [log = &setup_.log](const base::Error& error) {
                                log->warn("client_problem", {{"why", error.text}});
                              }};
  auto server = http::Server::open(loop_, loop::UnixAddress{setup_.paths.api_socket()},
                                   {.mode = is_for_all ? 0666U : 0600U}, std::move(options),
                                   [this](http::Request request, http::Responder responder) {
                                     api_->handle(std::move(request), std::move(responder));
                                   });
  if (!server) return std::unexpected(std::move(server).error());
  server_ = std::move(*server);
  if (!members_) return {};
  gate_.emplace(loop_, ApiGate::Parts{.members = *members_,
                                      .server = *server_,
                                      .state = [this]() -> const scheduler::State& {
                                        return driver_->engine().state();
                                      },
                                      .log = setup_.log});
  return {};
}

void Controller::perform(const scheduler::Action& action) {
  std::visit(base::Overloaded{
                 [this](const scheduler::Reply& reply) { requests_.answer(reply); },
                 [this](const scheduler::CreateNode& create) { providers_->create(create); },
                 [this](const scheduler::DestroyNode& destroy) { providers_->destroy(destroy); },
                 [this](const auto& order) { agents_->perform(order); }},
             action);
}

void Controller::publish(model::Seq seq, const model::Fact& fact) {
  const auto& nodes = driver_->engine().state().nodes;
  log_fact(setup_.log, seq, fact, [&nodes](model::NodeId id) {
    const auto node = nodes.find(id);
    return node == nodes.end() ? std::to_string(id.number()) : node->second.info.name;
  });
  events_.publish(seq, fact);
  waits_.publish(fact);
  shutdown_->look();
  snapshots_.consider();
}

/// Stops acknowledging and says why; a restart finds everything that was acknowledged.
void Controller::fail(const base::Error& error) {
  setup_.log.error("journal_failed", {{"why", error.text}});
  requests_.fail_all(error);
  stop(ExitStatus::journal_failed);
}

void Controller::stop(ExitStatus status) {
  if (stopping_) return;
  exit_status_ = status;
  stopping_.emplace();
  setup_.log.info("stopping", {{"status", static_cast<int>(status)}});
  drain_timer_.start_repeating(linger_step);
}

void Controller::reload() {
  if (!stopping_) linger_ = short_linger;
  stop(ExitStatus::stopped);
}

bool Controller::may_reload() const {
  return !stopping_ && !shutdown_->is_going_down();
}

/// Lets the clients take their answers, but not for ever.
void Controller::drain() {
  const bool is_quiet = server_->n_connections() == 0 && requests_.n_waiting() == 0;
  if (!is_quiet && stopping_->so_far() < linger_) return;
  drain_timer_.stop();
  loop_.stop();
}

/// Nodes that are not there, and that nobody waits for, are not.
bool Controller::is_shown(const scheduler::Node& node) const {
  if (!node.jobs.empty() || agents_->is_connected(node.id)) return true;
  if (members_ && members_->contains(node.info.name)) return true;
  using enum model::NodeLife;
  return node.provided && node.provided->life != absent && node.provided->life != retired;
}

/// Of all nodes that there should be, whether they ever came or not.
std::set<std::string> Controller::node_names() const {
  std::set<std::string> names;
  if (members_) {
    for (const auto& name : members_->names()) names.insert(name);
  }
  for (const auto& slice : slices_) names.insert(slice.name);
  return names;
}

wire::Status Controller::status() const {
  const auto& state = driver_->engine().state();
  wire::Status status{.nodes_total = 0,
                      .nodes_idle = 0,
                      .jobs_waiting = static_cast<std::uint32_t>(state.n_waiting),
                      .jobs_running = static_cast<std::uint32_t>(state.n_active),
                      .writable = !driver_->failure().has_value(),
                      .error = {},
                      .config = {}};
  for (const auto& pool : driver_->engine().pools())
    status.nodes_total += static_cast<std::uint32_t>(pool.least);
  if (members_) {
    status.nodes_total += static_cast<std::uint32_t>(
        std::ranges::count_if(members_->names(), [&state](const std::string& name) {
          const auto id = state.node_by_name.find(name);
          return id == state.node_by_name.end() || !state.nodes.at(id->second).provided;
        }));
  }
  for (const auto& name : node_names()) {
    const auto id = state.node_by_name.find(name);
    if (id == state.node_by_name.end()) continue;
    const auto& node = state.nodes.at(id->second);
    const bool is_there =
        node.phase == scheduler::NodePhase::ready && agents_->is_connected(node.id);
    if (is_there && scheduler::is_fit(node) && node.jobs.empty()) ++status.nodes_idle;
  }
  status.config = setup_.news;
  status.error = driver_->failure() ? driver_->failure()->text : providers_->trouble();
  return status;
}

}  // namespace musterd
