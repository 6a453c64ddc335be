#include "sim/users.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/core/preparations.h"

namespace sim {

namespace {

using namespace std::chrono_literals;

const model::User user{.uid = 1000, .gid = 1000, .name = "user"};
const model::User root{.uid = 0, .gid = 0, .name = "root"};

}  // namespace

Users::Spec Users::any_job(int number, int n_nodes) {
  model::JobSpec spec;
  spec.token = "token-" + std::to_string(number);
  const auto name = random_.below(4);
  spec.name = "job" + std::to_string(name);
  spec.script = "#!/bin/sh\n";
  const auto kind = random_.below(4);
  const auto n = std::min(static_cast<int>(random_.below(3)) + 1, n_nodes);
  if (kind == 0) spec.shape.nodes = n;
  if (kind == 1) spec.shape.tasks = 2 * n;
  if (kind == 2) {
    spec.shape.nodes = n;
    spec.shape.tasks_per_node = 2;
  }
  const bool with_gpu = random_.chance(20);
  if (with_gpu) spec.shape.gpus_per_node = 1;
  const auto priority = random_.below(5);
  spec.priority = static_cast<int>(priority) - 2;
  const bool with_limit = random_.chance(30);
  if (with_limit) spec.time_limit = up_to(random_, 60s) + 1s;
  spec.hold = random_.chance(5);
  static constexpr std::array<std::string_view, 4> classes{"", "low", "low", "urgent"};
  spec.class_name = classes[random_.below(classes.size())];
  static constexpr std::array<std::string_view, 3> workspaces{"", "owner", "guest"};
  spec.workspace = workspaces[random_.below(workspaces.size())];
  spec.requeue = !random_.chance(10);
  static constexpr std::array<std::string_view, 6> policies{
      "on=exit,signal max=2 backoff=1s..10s",
      "on=exit:1-3 max=1 backoff=0s",
      "on=timeout max=1 backoff=5s",
      "on=preparation,exit max=2 backoff=1s",
      "on=signal,exit max=3 backoff=2s avoid-nodes",
      "on=oom,exit max=4 backoff=0s memory=x2..12G"};
  const auto policy = random_.below(3 * policies.size());  // most have none
  if (policy < policies.size()) spec.restart = *model::restart_policy_from_text(policies[policy]);
  const auto memory = random_.below(6) + 1;
  if (spec.restart && spec.restart->memory) spec.shape.memory_per_node = base::Bytes(memory << 30);
  if (random_.chance(40)) {
    spec.save_signal = {.number = SIGUSR1, .before = up_to(random_, 20s), .script_only = false};
  }
  const bool has_preparation = random_.chance(20);
  if (has_preparation) spec.preparation.command = "true";
  add_waits(spec, number);
  add_choices(spec, n_nodes);
  return std::make_shared<const model::JobSpec>(std::move(spec));
}

/// What a job waits for besides room, and how often it is to run.
void Users::add_waits(model::JobSpec& spec, int number) {
  const bool begins_later = random_.chance(10);
  if (begins_later) spec.begin = events_.now() + up_to(random_, 400s);
  const bool has_deadline = random_.chance(10);
  if (has_deadline) spec.deadline = events_.now() + up_to(random_, 600s) + 100s;
  const bool depends = random_.chance(40);
  if (depends) spec.dependency = any_dependency(number);
  const bool is_array = random_.chance(15);
  if (is_array) {
    const auto n_tasks = static_cast<int>(random_.below(12)) + 1;
    const auto limit = static_cast<int>(random_.below(4));
    auto& array = spec.array.emplace();
    array.tasks = model::IndexSet::range(0, n_tasks);
    if (limit > 0) array.most_running = limit;
  }
}

/// Which nodes it may use, and what it holds of the whole cluster.
void Users::add_choices(model::JobSpec& spec, int n_nodes) {
  spec.shape.whole_nodes = random_.chance(8);
  const bool is_open = random_.chance(20);
  if (is_open && spec.shape.nodes) {
    spec.shape.most_nodes = *spec.shape.nodes + 2;
    const bool is_to_grow = spec.requeue && random_.chance(70);
    if (is_to_grow) spec.grow_after = up_to(random_, 20s) + 1s;
  }
  const bool has_license = random_.chance(15);
  const auto n_licenses = static_cast<int>(random_.below(n_of_license)) + 1;
  if (has_license) spec.licenses = {{std::string(license), n_licenses}};
  const bool is_choosy = random_.chance(15);
  const auto which = random_.below(static_cast<std::uint64_t>(n_nodes)) + 1;
  const bool is_small = !spec.shape.nodes && !spec.shape.tasks;  // so that one node will do
  if (!is_choosy || !is_small || n_nodes == 1) return;
  const auto name = "n" + std::to_string(which);
  (random_.chance(50) ? spec.choice.only : spec.choice.never) = {name};
}

/// A node is set aside for a while, for maintenance or for one of the users.
void Users::book(int n_nodes) {
  model::BookingSpec spec;
  const auto which = random_.below(static_cast<std::uint64_t>(n_nodes)) + 1;
  spec.names = {"n" + std::to_string(which)};
  const auto lead = up_to(random_, 60s);
  const auto length = up_to(random_, 120s) + 1s;
  spec.start = events_.now() + lead;
  spec.end = spec.start + length;
  spec.ignores_jobs = true;
  spec.is_maintenance = random_.chance(50);
  controller_.ask(
      [&](scheduler::RequestId request) {
        return scheduler::MakeBooking{request, root, std::move(spec)};
      },
      [](const auto&) {});
}

void Users::plan_scaling(int n, base::Duration within) {
  for (int i = 0; i < n; ++i) {
    const auto when = up_to(random_, within);
    events_.after(when, [this] { scale(); });
  }
}

void Users::scale() {
  model::PoolChange change{.pool = "default"};
  const auto kind = random_.below(4);
  const auto n = static_cast<int>(random_.below(static_cast<std::uint64_t>(n_nodes_) + 1));
  if (kind == 0) change.nodes = n;
  if (kind == 1) change.most = n;
  if (kind == 2) change.least = n;
  if (kind == 3) change.is_auto = true;
  const auto when = random_.below(3);
  change.when_busy = static_cast<model::WhenBusy>(when);
  change.resume = random_.chance(30);
  controller_.ask(
      [&](scheduler::RequestId request) { return scheduler::ChangePool{request, root, change}; },
      [](const auto&) {});
}

void Users::plan_care(int n, base::Duration within) {
  for (int i = 0; i < n; ++i) {
    const auto when = up_to(random_, within);
    events_.after(when, [this] { care(); });
  }
}

void Users::care() {
  const auto which = random_.below(static_cast<std::uint64_t>(n_nodes_)) + 1;
  const auto node = "n" + std::to_string(which);
  const auto kind = random_.below(4);
  const auto time = up_to(random_, 60s) + 1s;
  const bool is_for_long = random_.chance(30);
  controller_.ask(
      [&](scheduler::RequestId request) -> scheduler::Input {
        if (kind <= 1) return scheduler::EvictNode{request, root, node, time};
        if (kind == 2) {
          return scheduler::DrainNodes{request,
                                       root,
                                       {node},
                                       "a fan is loud",
                                       is_for_long ? std::nullopt : std::optional(time)};
        }
        return scheduler::ResumeNodes{request, root, {node}};
      },
      [](const auto&) {});
}

void Users::let_pool_be() {
  std::vector<std::string> nodes;
  for (int i = 1; i <= n_nodes_; ++i) nodes.push_back("n" + std::to_string(i));
  controller_.ask(
      [&](scheduler::RequestId request) { return scheduler::ResumeNodes{request, root, nodes}; },
      [](const auto&) {});
  const model::PoolChange change{.pool = "default", .is_auto = true, .resume = true};
  controller_.ask(
      [&](scheduler::RequestId request) { return scheduler::ChangePool{request, root, change}; },
      [](const auto&) {});
}

void Users::mend_again() {
  events_.after(90s, [this] { mend_again(); });
  if (!controller_.is_up() || !controller_.is_synced()) return;
  std::vector<std::string> drained;
  std::vector<model::JobId> held;
  for (const auto& [id, node] : controller_.engine().state().nodes) {
    if (node.drain && node.drain->by == scheduler::itself) drained.push_back(node.info.name);
  }
  for (const auto& [id, job] : controller_.engine().state().jobs) {
    if (!scheduler::why_held(job).empty()) held.push_back(id);
  }
  for (const auto& name : drained) {
    controller_.ask(
        [&](scheduler::RequestId request) { return scheduler::ResumeNodes{request, root, {name}}; },
        [](const auto&) {});
  }
  for (const auto job : held) {
    controller_.ask(
        [&](scheduler::RequestId request) { return scheduler::ReleaseJob{request, root, job}; },
        [](const auto&) {});
  }
}

/// On jobs that may or may not be there yet.
model::Dependency Users::any_dependency(int number) {
  model::Dependency dependency;
  const auto n_terms = random_.below(3) + 1;
  for (std::uint64_t i = 0; i < n_terms; ++i) {
    model::DependencyTerm term;
    const auto kind = random_.below(static_cast<int>(model::DependencyKind::singleton) + 1);
    term.kind = static_cast<model::DependencyKind>(kind);
    const auto job = random_.below(static_cast<std::uint64_t>(number) + 1) + 1;
    const auto delay = random_.below(3);
    if (term.kind != model::DependencyKind::singleton)
      term.job = model::JobId(static_cast<std::uint32_t>(job));
    const bool names_task = term.kind != model::DependencyKind::singleton && random_.chance(10);
    if (names_task) term.task = 0;
    if (term.kind == model::DependencyKind::after) term.delay = std::chrono::minutes(delay);
    dependency.terms.push_back(term);
  }
  const bool has_pairs = std::ranges::any_of(dependency.terms, [](const auto& term) {
    return term.kind == model::DependencyKind::aftercorr;
  });
  dependency.is_any = n_terms > 1 && !has_pairs && random_.chance(40);
  return dependency;
}

/// Some members of any other request: also what no node has, or what would never come.
std::shared_ptr<const model::JobChange> Users::any_change() {
  model::JobChange change;
  const auto n_fields = random_.below(3) + 1;
  for (std::uint64_t i = 0; i < n_fields; ++i) {
    const auto field = random_.below(static_cast<std::uint64_t>(model::ChangedField::comment) + 1);
    change.fields.insert(static_cast<model::ChangedField>(field));
  }
  change.fields.erase(model::ChangedField::restart);  // the truth is held against one policy
  const auto limit = static_cast<int>(random_.below(4));
  const bool is_limited = limit > 0 && change.fields.contains(model::ChangedField::array_limit);
  if (is_limited) change.array_limit = limit;
  const auto other = any_job(n_planned_, n_nodes_);
  change.spec = model::changed({}, {change.fields, *other, change.array_limit});
  return std::make_shared<const model::JobChange>(std::move(change));
}

scheduler::Input Users::any_update(scheduler::RequestId request, model::JobId job) {
  const bool is_root = random_.chance(30);
  return scheduler::UpdateJob{request, is_root ? root : user, job, any_change()};
}

void Users::plan(int n, int n_nodes, base::Duration within) {
  n_planned_ = n;
  n_nodes_ = n_nodes;
  for (auto n_bookings = random_.below(4); n_bookings > 0; --n_bookings) {
    const auto when = up_to(random_, within);
    events_.after(when, [this, n_nodes] { book(n_nodes); });
  }
  for (int i = 0; i < n; ++i) {
    const auto spec = any_job(i, n_nodes);
    const auto when = up_to(random_, within);
    events_.after(when, [this, spec] {
      ++n_unanswered_;
      submit(spec);
    });
  }
}

void Users::submit(const Spec& spec) {
  if (answered_.contains(spec->token)) return;
  controller_.ask(
      [&](scheduler::RequestId request) { return scheduler::SubmitJob{request, user, spec}; },
      [this, spec](const base::Result<scheduler::Answer>& answer) {
        if (answer) {
          answered(spec, std::get<scheduler::Submitted>(*answer).job);
        } else if (answered_.insert(spec->token).second) {
          --n_unanswered_;  // refused: no set of nodes can run it
        }
      });
  const auto pause = up_to(random_, 4s) + 1s;
  events_.after(pause, [this, spec] { submit(spec); });
}

void Users::answered(const Spec& spec, model::JobId job) {
  truth_.acknowledged(spec->token, job);
  if (!answered_.insert(spec->token).second) return;
  ++n_acknowledged_;
  --n_unanswered_;
  const auto pause = up_to(random_, 40s);
  const bool will_interfere = spec->hold || random_.chance(20);
  if (will_interfere) events_.after(pause, [this, job] { interfere(job); });
}

void Users::interfere(model::JobId job) {
  const auto what = random_.below(8);
  const bool is_one_task = random_.chance(50);
  const auto tasks = is_one_task ? std::optional(model::IndexSet::range(0, 1)) : std::nullopt;
  controller_.ask(
      [&](scheduler::RequestId request) -> scheduler::Input {
        if (what == 0) return scheduler::CancelJob{request, user, job, tasks};
        if (what == 1) return scheduler::HoldJob{request, user, job};
        if (what == 2) return scheduler::CheckpointJob{request, user, job};
        if (what == 4) return scheduler::RequeueJob{request, user, job, is_one_task};
        if (what >= 5) return any_update(request, job);
        return scheduler::ReleaseJob{request, user, job};
      },
      [](const auto&) {});
  // What was answered may be lost with a crash: only an end is final.
  const auto pause = up_to(random_, 20s) + 1s;
  if (!has_ended(job)) events_.after(pause, [this, job] { interfere(job); });
}

bool Users::has_ended(model::JobId job) const {
  if (!controller_.is_up() || !controller_.is_synced()) return false;
  const auto found = controller_.engine().state().jobs.find(job);
  return found != controller_.engine().state().jobs.end() &&
         std::holds_alternative<scheduler::Done>(found->second.phase);
}

void Users::script_runs(const model::LaunchKey& key) {
  const auto n_steps = random_.below(3);
  for (std::uint64_t i = 0; i < n_steps; ++i) {
    const auto pause = up_to(random_, 10s);
    events_.after(pause, [this, key, i] { start_step(key, i % 2 == 0); });
  }
}

void Users::start_step(const model::LaunchKey& key, bool is_exact) {
  model::StepSpec spec;
  spec.arguments = {"./a.out"};
  spec.exact = is_exact;
  const auto shared = std::make_shared<const model::StepSpec>(std::move(spec));
  controller_.ask(
      [&](scheduler::RequestId request) {
        return scheduler::StartStep{request, user, key.job, key.attempt, shared};
      },
      [](const auto&) {});
}

}  // namespace sim
