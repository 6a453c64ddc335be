#include "sim/controller_host.h"

#include <algorithm>
#include <map>

#include "lib/base/check.h"
#include "lib/base/overloaded.h"
#include "lib/wire/fact.h"
#include "scheduler/core/invariants.h"

namespace sim {

namespace {

using namespace std::chrono_literals;

constexpr unsigned percent_compacted = 30;
constexpr unsigned percent_replayed = 2;
constexpr std::size_t kinds_watched = 50;

}  // namespace

ControllerHost::ControllerHost(World world, scheduler::Settings settings, scheduler::Policy policy)
    : world_(std::move(world)), settings_(std::move(settings)), policy_(std::move(policy)) {}

scheduler::Engine ControllerHost::replayed() const {
  scheduler::Engine engine(settings_, policy_);
  model::Seq seq = 0;
  for (const auto& bytes : disk_) {
    const auto fact = wire::decode_fact(bytes);
    base::check(fact.has_value(), "a stored fact can be read");
    engine.replay(++seq, *fact);
  }
  return engine;
}

void ControllerHost::start() {
  if (engine_) return;
  ++life_;
  engine_.emplace(replayed());
  world_.truth.check_kept(engine_->state());
  if (world_.random.chance(percent_compacted)) compact();
  give(scheduler::Restarted{});
  if (world_.list) give(scheduler::ProviderHas{world_.list()});
}

void ControllerHost::say(const scheduler::Input& input) {
  if (engine_) give(input);
}

void ControllerHost::compact() {
  std::vector<std::string> kept;
  for (const auto& fact : engine_->head(world_.events.now())) kept.push_back(wire::encode(fact));
  for (const auto& bytes : disk_) {
    if (!engine_->is_forgotten(*wire::decode_fact(bytes))) kept.push_back(bytes);
  }
  for (const auto& fact : engine_->tail(world_.events.now())) kept.push_back(wire::encode(fact));
  disk_ = std::move(kept);
  const auto before = engine_->state();
  engine_.emplace(replayed());
  if (!(engine_->state() == before))
    world_.truth.violate(Property::replay, "a snapshot changed the state");
}

void ControllerHost::crash() {
  if (!engine_) return;
  ++life_;
  engine_.reset();
  unsynced_.clear();
  is_syncing_ = false;
  callbacks_.clear();
  sessions_.clear();
  world_.cut_all_links();
}

void ControllerHost::stall(base::Duration duration) {
  stall_ = duration;
}

void ControllerHost::give(const scheduler::Input& input) {
  const auto now = world_.events.now();
  for (const auto& fact : engine_->handle(input, now)) unsynced_.push_back(wire::encode(fact));
  for (const auto& fact : engine_->plan(now)) unsynced_.push_back(wire::encode(fact));
  if (const auto found = scheduler::violation(engine_->state())) {
    world_.truth.violate(Property::sound, *found);
  }
  check_licenses();
  world_.truth.check_pools(engine_->state(), settings_.provided);
  world_.truth.check_quotas(engine_->state(), settings_.quotas);
  std::optional<scheduler::JobKind> seen;
  if (const auto job = engine_->overlooked(seen, kinds_watched))
    world_.truth.violate(Property::overlooked, "job " + to_text(*job) + " could start and did not");
  begin_sync();
  arm_tick();
}

/// Its notice is over, and what still runs there is being ended.
bool ControllerHost::is_evicted(const scheduler::Node& node) const {
  return node.provided && node.provided->cause.starts_with("it was evicted") &&
         std::ranges::all_of(node.jobs, [this](model::JobId id) {
           return std::holds_alternative<scheduler::Ending>(engine_->state().jobs.at(id).phase);
         });
}

void ControllerHost::check_evictions() {
  std::map<std::pair<model::JobId, std::uint32_t>, int> told;
  for (const auto& bytes : disk_) {
    const auto fact = wire::decode_fact(bytes);
    if (const auto* evicted = std::get_if<model::AttemptEvicted>(&fact->body))
      ++told[{evicted->job, evicted->attempt}];
  }
  for (const auto& [id, job] : engine_->state().jobs) {
    for (const auto& attempt : job.earlier) {
      const bool is_evicted = attempt.why.cause == model::Cause::evicted;
      if (is_evicted && told[{id, attempt.attempt}] != 1)
        world_.truth.violate(Property::lost, "an eviction of job " + to_text(id) + " is not told");
    }
  }
  for (const auto& [attempt, n] : told) {
    if (n != 1)
      world_.truth.violate(Property::twice,
                           "job " + to_text(attempt.first) + " was evicted twice at once");
  }
}

void ControllerHost::check_free(const std::string& name) {
  const auto known = engine_->state().node_by_name.find(name);
  if (known == engine_->state().node_by_name.end()) return;
  const auto& node = engine_->state().nodes.at(known->second);
  if (!node.jobs.empty() && !is_evicted(node))
    world_.truth.violate(Property::pools, name + " is ended and has jobs");
}

void ControllerHost::check_licenses() {
  for (const auto& [name, holders] : engine_->state().license_holders) {
    int n_held = 0;
    for (const auto& [job, n] : holders) n_held += n;
    if (n_held > settings_.licenses.at(name))
      world_.truth.violate(Property::overlap, "more licenses are held than there are");
  }
}

void ControllerHost::begin_sync() {
  if (is_syncing_) return;
  is_syncing_ = true;
  const auto length =
      base::Duration(static_cast<std::int64_t>(world_.random.below(20'000))) + stall_;
  stall_ = {};
  world_.events.after(length, [this, life = life_, n_facts = unsynced_.size()] {
    if (life == life_) synced(n_facts);
  });
}

void ControllerHost::synced(std::size_t n_facts) {
  is_syncing_ = false;
  const auto end = unsynced_.begin() + static_cast<std::ptrdiff_t>(n_facts);
  disk_.insert(disk_.end(), unsynced_.begin(), end);
  unsynced_.erase(unsynced_.begin(), end);
  const auto life = life_;
  for (auto& action : engine_->durable(disk_.size())) {
    perform(std::move(action));
    if (life != life_) return;
  }
  if (!unsynced_.empty()) begin_sync();
  if (unsynced_.empty() && world_.random.chance(percent_replayed)) check_replay();
}

void ControllerHost::check_replay() {
  if (!(replayed().state() == engine_->state())) {
    world_.truth.violate(Property::replay, "the state from the journal is not the live one");
  }
}

void ControllerHost::perform(scheduler::Action action) {
  const auto name_of = [this](model::NodeId node) {
    return engine_->state().nodes.at(node).info.name;
  };
  std::visit(
      base::Overloaded{[&](const scheduler::Reply& reply) {
                         const auto found = callbacks_.find(reply.request);
                         if (found == callbacks_.end()) return;
                         const auto callback = std::move(found->second);
                         callbacks_.erase(found);
                         callback(reply.answer);
                       },
                       [&](const scheduler::CreateNode& create) { world_.create(create.name); },
                       [&](const scheduler::DestroyNode& destroy) {
                         check_free(destroy.name);
                         world_.destroy(destroy.name);
                       },
                       [&](scheduler::SendLaunch& send) {
                         world_.to_agent(name_of(send.node), model::Launch{std::move(send.order)});
                       },
                       [&](const scheduler::SendStop& send) {
                         world_.to_agent(name_of(send.node), model::Stop{send.key});
                       },
                       [&](const scheduler::SendSave& send) {
                         world_.to_agent(name_of(send.node), model::Save{send.key});
                       },
                       [&](const scheduler::SendAcknowledge& send) {
                         world_.to_agent(name_of(send.node), model::Acknowledge{send.key});
                       },
                       [&](const scheduler::Admit& admit) {
                         sessions_.insert_or_assign(admit.name, admit.node);
                         world_.to_agent(admit.name, model::Welcome{admit.node, 5s, admit.care});
                       },
                       [&](const scheduler::Refuse& refuse) {
                         world_.to_agent(refuse.name, model::Refused{refuse.why});
                       }},
      action);
}

void ControllerHost::arm_tick() {
  const auto due = engine_->next_deadline();
  if (!due) return;
  world_.events.at(*due, [this, life = life_, due] {
    if (life == life_ && engine_->next_deadline() == due) give(scheduler::Tick{});
  });
}

std::optional<model::NodeId> ControllerHost::node_of(const std::string& name) const {
  const auto found = sessions_.find(name);
  return found == sessions_.end() ? std::nullopt : std::optional(found->second);
}

void ControllerHost::hear(const std::string& node, const model::FromAgent& message) {
  if (!engine_) return;
  if (const auto* hello = std::get_if<model::AgentHello>(&message)) {
    give(scheduler::NodeHello{*hello});
    return;
  }
  const auto id = node_of(node);
  if (!id) return;
  if (const auto* started = std::get_if<model::ReportStarted>(&message)) {
    give(scheduler::NodeSaysStarted{*id, started->key});
  } else if (const auto* prepared = std::get_if<model::ReportPrepared>(&message)) {
    give(scheduler::NodeSaysPrepared{*id, prepared->key});
  } else if (const auto* ended = std::get_if<model::ReportEnded>(&message)) {
    give(scheduler::NodeSaysEnded{*id, ended->report});
  } else if (const auto* report = std::get_if<model::ReportCondition>(&message)) {
    give(scheduler::NodeSaysCondition{*id, report->condition});
  } else if (const auto* undying = std::get_if<model::ReportUndying>(&message)) {
    give(scheduler::NodeSaysUndying{*id, undying->undying});
  }
}

void ControllerHost::link_broke(const std::string& node) {
  if (!engine_) return;
  const auto known = engine_->state().node_by_name.find(node);
  sessions_.erase(node);
  if (known != engine_->state().node_by_name.end()) give(scheduler::NodeGone{known->second});
}

void ControllerHost::ask(const std::function<scheduler::Input(scheduler::RequestId)>& make,
                         Callback callback) {
  if (!engine_) return;
  const auto request = next_request_;
  next_request_ = next_request_.next();
  callbacks_.emplace(request, std::move(callback));
  give(make(request));
}

}  // namespace sim
