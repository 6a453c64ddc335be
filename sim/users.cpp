#include "sim/users.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>

namespace sim {

namespace {

using namespace std::chrono_literals;

const model::User user{.uid = 1000, .gid = 1000, .name = "user"};

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
  if (random_.chance(40)) {
    spec.save_signal = {.number = SIGUSR1, .before = up_to(random_, 20s), .script_only = false};
  }
  add_waits(spec, number);
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

void Users::plan(int n, int n_nodes, base::Duration within) {
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
          answered(spec, std::get<model::JobId>(*answer));
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
  const auto what = random_.below(5);
  const bool is_one_task = random_.chance(50);
  const auto tasks = is_one_task ? std::optional(model::IndexSet::range(0, 1)) : std::nullopt;
  controller_.ask(
      [&](scheduler::RequestId request) -> scheduler::Input {
        if (what == 0) return scheduler::CancelJob{request, user, job, tasks};
        if (what == 1) return scheduler::HoldJob{request, user, job};
        if (what == 2) return scheduler::CheckpointJob{request, user, job};
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
    events_.after(pause, [this, key] { start_step(key); });
  }
}

void Users::start_step(const model::LaunchKey& key) {
  model::StepSpec spec;
  spec.arguments = {"./a.out"};
  const auto shared = std::make_shared<const model::StepSpec>(std::move(spec));
  controller_.ask(
      [&](scheduler::RequestId request) {
        return scheduler::StartStep{request, user, key.job, key.attempt, shared};
      },
      [](const auto&) {});
}

}  // namespace sim
