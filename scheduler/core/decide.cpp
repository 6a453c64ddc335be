#include "scheduler/core/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "scheduler/core/dependency.h"
#include "scheduler/core/foreign_names.h"
#include "scheduler/core/step_place.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;

constexpr int priority_limit = 1000;

Decision answer(RequestId request, base::Result<Answer> result) {
  return {.facts = {}, .actions = {Reply{request, std::move(result)}}};
}

Decision answer_with(RequestId request, model::FactBody fact) {
  return {.facts = {std::move(fact)}, .actions = {Reply{request, Answer(Nothing{})}}};
}

/// The array whose task has this number, if it has not started.
const Job* array_of(const State& state, model::JobId id) {
  auto found = state.jobs.upper_bound(id);
  while (found != state.jobs.begin()) {
    const auto& job = (--found)->second;
    if (job.task) continue;
    if (!job.tasks) return nullptr;
    const auto n_tasks = static_cast<std::uint32_t>(job.spec->array->tasks.count());
    return id.number() - job.id.number() <= n_tasks ? &job : nullptr;
  }
  return nullptr;
}

std::unexpected<base::Error> no_such_job(const State& state, model::JobId id) {
  const Job* array = array_of(state, id);
  if (array == nullptr)
    return fail(Code::not_found, fmt::format("there is no job {}", to_text(id)));
  return fail(Code::conflict,
              fmt::format("this task of array {} has not started, or never will; until a task "
                          "starts, name the array",
                          to_text(array->id)));
}

std::unexpected<base::Error> has_ended(model::JobId job) {
  return fail(Code::conflict, fmt::format("job {} has already ended", to_text(job)));
}

Decision decide_submit(const View& view, const Policy& policy, const Settings& settings,
                       const SubmitJob& submit, base::Time now) {
  const auto request = at_home(view, submit.spec, settings.leave_out_foreign_names);
  const auto& spec = *request.spec;
  const auto known = view.state.job_by_token.find({submit.user.uid, spec.token});
  if (!spec.token.empty() && known != view.state.job_by_token.end()) {
    return answer(submit.request, Submitted{known->second, request.notes});
  }
  if (auto admitted = admissible(view, policy, settings, submit.user, spec); !admitted) {
    return answer(submit.request, std::unexpected(admitted.error()));
  }
  if (auto in_time = reachable(spec, now); !in_time) {
    return answer(submit.request, std::unexpected(in_time.error()));
  }
  if (auto may = may_use_booking(view.state, submit.user, spec, now); !may) {
    return answer(submit.request, std::unexpected(may.error()));
  }
  Job job{.id = view.state.next_job, .spec = request.spec, .user = submit.user};
  if (spec.array) job.tasks.emplace().tally.pending = spec.array->tasks;
  auto past = promising(view.state, std::move(job), submit.past);
  if (!past) return answer(submit.request, std::unexpected(past.error()));
  const auto id = view.state.next_job;
  return {.facts = {model::JobSubmitted{id, submit.user, request.spec, std::move(*past)}},
          .actions = {Reply{submit.request, Submitted{id, request.notes}}}};
}

model::Failure cancelled(const std::string& by) {
  return {.cause = model::Cause::cancelled,
          .code = 0,
          .step = {},
          .rank = {},
          .node = {},
          .text = "by " + by};
}

model::FactBody cancel(const Job& job, const std::string& by) {
  if (const Attempt* attempt = active_attempt(job))
    return model::AttemptEnding{job.id, attempt->number, cancelled(by)};
  return end_waiting(job, cancelled(by));
}

/// One that is being ended only to start again later can still be cancelled.
bool is_cancellable(const Job& job) {
  if (const auto* ending = std::get_if<Ending>(&job.phase)) {
    const auto cause = ending->why.cause;
    const auto& restart = job.spec->restart;
    return cause == model::Cause::preempted || cause == model::Cause::grow ||
           model::is_requeue(cause) || cause == model::Cause::evicted ||
           cause == model::Cause::node_lost || cause == model::Cause::prolog ||
           (cause == model::Cause::time_limit && restart && restart->on_timeout);
  }
  return !std::holds_alternative<Done>(job.phase);
}

/// Those that have started are ended, the others never start.
Decision cancel_tasks(const State& state, const Job& array, const CancelJob& request) {
  const auto& all = array.spec->array->tasks;
  const auto wanted = request.tasks.value_or(all);
  if (const auto unknown = (wanted - all).first()) {
    return answer(
        request.request,
        fail(Code::not_found, fmt::format("array {} has no task {}; its tasks are {}",
                                          to_text(array.id), *unknown, ranges_text(all))));
  }
  auto decision = answer(request.request, Answer(Nothing{}));
  auto pending = array.tasks->tally.pending & wanted;
  bool is_any = !pending.empty();
  if (is_any) {
    decision.facts.push_back(
        model::TasksCancelled{array.id, std::move(pending), cancelled(request.user.name)});
  }
  for (const int index : array.tasks->open) {
    if (!wanted.contains(index)) continue;
    is_any = true;
    const auto& task = state.jobs.at(model::task_job(array.id, all, index));
    if (is_cancellable(task)) decision.facts.push_back(cancel(task, request.user.name));
  }
  if (is_any) return decision;
  return answer(request.request,
                fail(Code::conflict, fmt::format("tasks {} of array {} have already ended",
                                                 ranges_text(wanted), to_text(array.id))));
}

Decision decide_cancel(const State& state, const Settings& settings, const CancelJob& request) {
  const auto job = own_job(state, settings, request.user, request.job);
  if (!job) return answer(request.request, std::unexpected(job.error()));
  if (std::holds_alternative<Done>((*job)->phase))
    return answer(request.request, has_ended(request.job));
  if ((*job)->tasks) return cancel_tasks(state, **job, request);
  if (!is_cancellable(**job)) return answer(request.request, Answer(Nothing{}));
  return answer_with(request.request, cancel(**job, request.user.name));
}

Decision decide_cancel_all(const State& state, const Settings& settings, const CancelAll& request) {
  if (!is_in_charge(settings, request.user)) {
    return answer(request.request, fail(Code::denied, "only the owner of the cluster may end it"));
  }
  auto decision = answer(request.request, Answer(Nothing{}));
  for (const auto& [id, job] : state.jobs) {
    if (active_attempt(job) != nullptr && is_cancellable(job)) {
      decision.facts.push_back(cancel(job, request.user.name));
    }
  }
  return decision;
}

Decision decide_hold(const State& state, const Settings& settings, const HoldJob& request) {
  const auto job = own_job(state, settings, request.user, request.job);
  if (!job) return answer(request.request, std::unexpected(job.error()));
  const auto* waiting = std::get_if<Waiting>(&(*job)->phase);
  if (waiting == nullptr) {
    return answer(request.request,
                  fail(Code::conflict, fmt::format("job {} does not wait any more; only waiting "
                                                   "jobs can be held",
                                                   to_text(request.job))));
  }
  if (waiting->held_by) return answer(request.request, Answer(Nothing{}));
  return answer_with(request.request, model::JobHeld{request.job, request.user.name});
}

Decision decide_release(const State& state, const Settings& settings, const ReleaseJob& request) {
  const auto job = own_job(state, settings, request.user, request.job);
  if (!job) return answer(request.request, std::unexpected(job.error()));
  const auto* waiting = std::get_if<Waiting>(&(*job)->phase);
  if (waiting == nullptr || !waiting->held_by) {
    return answer(request.request,
                  fail(Code::conflict, fmt::format("job {} is not held", to_text(request.job))));
  }
  return answer_with(request.request, model::JobReleased{request.job, request.user.name});
}

/// Why the job cannot start again.
base::Result<void> can_start_again(const Job& job) {
  const auto id = to_text(job.id);
  if (active_attempt(job) == nullptr) {
    return fail(Code::conflict,
                fmt::format("job {} waits to start; only one that has can start again", id));
  }
  if (!job.spec->requeue) {
    return fail(Code::conflict,
                fmt::format("job {} may not start again: it was submitted with --no-requeue", id));
  }
  if (is_cancellable(job) && has_live_work(*active_attempt(job))) return {};
  return fail(Code::conflict, fmt::format("job {} is being ended", id));
}

model::FactBody start_again(const Job& job, const RequeueJob& request) {
  model::Failure why;
  why.cause = request.is_held ? model::Cause::requeued_held : model::Cause::requeued;
  why.text = request.user.name;
  return model::AttemptEnding{job.id, active_attempt(job)->number, std::move(why)};
}

/// Of an array those tasks that can.
Decision requeue_tasks(const State& state, const Job& array, const RequeueJob& request) {
  auto decision = answer(request.request, Answer(Nothing{}));
  for (const int index : array.tasks->open) {
    const auto& task = state.jobs.at(model::task_job(array.id, array.spec->array->tasks, index));
    if (can_start_again(task)) decision.facts.push_back(start_again(task, request));
  }
  if (!decision.facts.empty()) return decision;
  return answer(request.request,
                fail(Code::conflict, fmt::format("no task of array {} runs that may start again",
                                                 to_text(array.id))));
}

Decision decide_requeue(const State& state, const Settings& settings, const RequeueJob& request) {
  const auto job = own_job(state, settings, request.user, request.job);
  if (!job) return answer(request.request, std::unexpected(job.error()));
  if (std::holds_alternative<Done>((*job)->phase))
    return answer(request.request, has_ended(request.job));
  if ((*job)->tasks) return requeue_tasks(state, **job, request);
  if (const auto can = can_start_again(**job); !can)
    return answer(request.request, std::unexpected(can.error()));
  return answer_with(request.request, start_again(**job, request));
}

/// What has no trap for a signal would be ended by it, so a job gets what it asked for only.
Decision decide_signal(const State& state, const Settings& settings, const SignalJob& request) {
  const auto job = own_job(state, settings, request.user, request.job);
  if (!job) return answer(request.request, std::unexpected(job.error()));
  const auto id = to_text(request.job);
  if (std::holds_alternative<Done>((*job)->phase))
    return answer(request.request, has_ended(request.job));
  const Attempt* attempt = active_attempt(**job);
  if (attempt == nullptr || !attempt->batch.started || !attempt->batch.is_live()) {
    return answer(request.request,
                  fail(Code::conflict, fmt::format("the script of job {} does not run", id)));
  }
  const auto& named = (*job)->spec->save_signal;
  if (!named || named->number != request.number) {
    return answer(
        request.request,
        fail(Code::conflict,
             fmt::format("job {} gets {}, and not {}: a signal is sent that the job named with "
                         "--signal when it was submitted",
                         id, named ? model::signal_name(named->number) : "no signal",
                         model::signal_name(request.number))));
  }
  return {.facts = {},
          .actions = {SendSave{attempt->batch.node, {request.job, attempt->number, {}}},
                      Reply{request.request, Answer(Nothing{})}}};
}

Decision decide_checkpoint(const State& state, const Settings& settings,
                           const CheckpointJob& request, base::Time now) {
  const auto job = own_job(state, settings, request.user, request.job);
  if (!job) return answer(request.request, std::unexpected(job.error()));
  const Attempt* attempt = active_attempt(**job);
  if (attempt == nullptr) {
    return answer(request.request,
                  fail(Code::conflict, fmt::format("job {} does not run; only a running job can "
                                                   "report a checkpoint",
                                                   to_text(request.job))));
  }
  return answer_with(request.request, model::CheckpointTaken{request.job, attempt->number, now});
}

base::Result<model::StepStarted> start_step(const State& state, const StartStep& request) {
  const auto found = state.jobs.find(request.job);
  if (found == state.jobs.end()) {
    return fail(Code::not_found, fmt::format("there is no job {}", to_text(request.job)));
  }
  const auto& job = found->second;
  if (request.user.uid != job.user.uid) {
    return fail(Code::denied,
                fmt::format("job {} belongs to {}", to_text(request.job), job.user.name));
  }
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr || attempt->number != request.attempt || !attempt->batch.is_live()) {
    return fail(Code::conflict, fmt::format("attempt {} of job {} does not run (any more)",
                                            request.attempt, to_text(request.job)));
  }
  if (!is_script_due(*attempt)) {
    return fail(Code::conflict,
                fmt::format("job {} is still being prepared; muster why {} says by which nodes",
                            to_text(request.job), to_text(request.job)));
  }
  if (std::holds_alternative<Ending>(job.phase)) {
    return fail(Code::conflict, fmt::format("job {} is being ended", to_text(request.job)));
  }
  auto place = place_step(state, job, *attempt, *request.spec);
  if (!place) return std::unexpected(place.error());
  const auto id = attempt->steps.empty() ? model::StepId(0) : attempt->steps.rbegin()->first.next();
  return model::StepStarted{{job.id, attempt->number, id},
                            request.spec,
                            std::move(place->tasks),
                            std::move(place->shares)};
}

Decision decide_step(const State& state, const StartStep& request) {
  auto step = start_step(state, request);
  if (!step) return answer(request.request, std::unexpected(step.error()));
  const auto key = step->key;
  return {.facts = {std::move(*step)}, .actions = {Reply{request.request, Answer(key)}}};
}

}  // namespace

base::Result<const Job*> own_job(const State& state, const Settings& settings,
                                 const model::User& user, model::JobId id) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) return no_such_job(state, id);
  const auto& owner = found->second.user;
  if (user.uid != owner.uid && user.uid != 0 && user.uid != settings.owner_uid) {
    return fail(Code::denied, fmt::format("job {} belongs to {}", to_text(id), owner.name));
  }
  return &found->second;
}

base::Result<void> reachable(const model::JobSpec& spec, base::Time now) {
  if (!spec.deadline) return {};
  const auto start = std::max(now, spec.begin.value_or(now));
  const auto left = *spec.deadline - start;
  if (left <= base::Duration()) {
    return fail(Code::invalid, fmt::format("--deadline is {}, which is not after the job could "
                                           "start, {}; give a later one",
                                           to_text(*spec.deadline), to_text(start)));
  }
  if (spec.time_limit && *spec.time_limit > left) {
    return fail(
        Code::invalid,
        fmt::format("a job with a time limit of {} that starts at {} need not have ended by "
                    "its deadline, {}; the most that can run is --time={}",
                    base::to_text(*spec.time_limit), to_text(start), to_text(*spec.deadline),
                    base::to_clock_text(left)));
  }
  return {};
}

base::Result<std::vector<model::PastJob>> promising(const State& state, Job job,
                                                    const std::vector<model::PastJob>& known) {
  const auto& dependency = job.spec->dependency;
  auto past = past_parents(state, dependency, known);
  if (!past) return past;
  job.past.clear();
  for (const auto& parent : *past) job.past.emplace(parent.job, parent);
  if (auto there = check_tasks(state, job); !there) return std::unexpected(there.error());
  if (const auto why = hopelessness(state, job)) {
    return fail(Code::invalid, fmt::format("--dependency={} can never be met: {}",
                                           to_text(dependency), why->text));
  }
  return past;
}

namespace {

base::Result<void> has_memory_to_grow(const model::JobSpec& spec) {
  if (!spec.restart || !spec.restart->memory) return {};
  const auto& per_node = spec.shape.memory_per_node;
  const auto& per_cpu = spec.shape.memory_per_cpu;
  const auto asked = per_node.value_or(per_cpu.value_or(base::Bytes()));
  if (asked == base::Bytes()) {
    return fail(Code::invalid,
                "memory= of --restart has the job ask for more memory than it did, and it asks for "
                "none; say how much the first attempt gets with --mem or --mem-per-cpu");
  }
  const auto& most = spec.restart->memory->most;
  if (!most || asked <= *most) return {};
  return fail(Code::invalid,
              fmt::format("{} is {}, which is more than the most that memory= of --restart allows, "
                          "{}; ask for less, or allow more",
                          per_node ? "--mem" : "--mem-per-cpu", to_text(asked), to_text(*most)));
}

}  // namespace

base::Result<void> has_nodes_to_grow(const model::JobSpec& spec, const model::Layout& layout) {
  if (!spec.grow_after) return {};
  if (layout.most_nodes == 0) {
    return fail(Code::invalid,
                fmt::format("--grow-after has a job start again on more nodes, up to the most of "
                            "its range, and this one asks for {}; give a range, such as "
                            "--nodes=2-8, or leave out --grow-after",
                            layout.nodes ? base::plural(*layout.nodes, "node")
                                         : std::string("no number of them")));
  }
  if (spec.requeue) return {};
  return fail(Code::invalid,
              "--grow-after has the job start again on more nodes, which --no-requeue rules out; "
              "leave out one of them");
}

namespace {

/// Can its nodes share a directory? Machines need a file system for that.
base::Result<void> can_share(const State& state, const Settings& settings,
                             const model::JobSpec& spec, const model::Layout& layout) {
  const bool is_on_one = layout.nodes == 1 && layout.most_nodes <= 1;
  if (!spec.preparation.has_shared_tmp || settings.has_shared_tmp || is_on_one) return {};
  const auto first = state.nodes.begin();
  const auto differs = [&](const auto& entry) {
    return entry.second.info.address != first->second.info.address;
  };
  if (std::ranges::none_of(state.nodes, differs)) return {};
  return fail(Code::invalid,
              "--shared-tmp asks for a directory that all nodes of the job share, and this cluster "
              "has several machines and no file system for that; ask for one node, use a directory "
              "that your site shares, or have shared_tmp set in muster.toml");
}

constexpr base::Duration longest_epilog = std::chrono::minutes(10);

base::Result<void> check_limits(const model::Preparation& preparation) {
  if (preparation.time_limit <= base::Duration() || preparation.mount_limit <= base::Duration())
    return fail(Code::invalid, "--prepare-timeout and --mount-timeout are times above 0s");
  // For so long after its end a job that makes room holds what others wait for.
  if (preparation.epilog_limit <= base::Duration() || preparation.epilog_limit > longest_epilog)
    return fail(Code::invalid, "--epilog-timeout is a time above 0s, and at most 10m");
  return {};
}

}  // namespace

base::Result<void> runnable(const View& view, const Policy& policy, const model::User& user,
                            const model::JobSpec& spec) {
  const auto layout = model::resolve(spec.shape);
  if (!layout) return std::unexpected(layout.error());
  if (spec.priority < -priority_limit || spec.priority > priority_limit) {
    return fail(Code::invalid, fmt::format("--priority is {}; expected {} to {}", spec.priority,
                                           -priority_limit, priority_limit));
  }
  if (auto allowed = view.classes.may_use(user, spec.class_name); !allowed) return allowed;
  if (auto allowed = view.workspaces.may_use(user, spec.workspace); !allowed) return allowed;
  if (spec.script.empty() && spec.arguments.empty()) {
    return fail(Code::invalid, "the job has neither a script nor a command");
  }
  if (!spec.requeue && spec.restart && spec.restart->on_node) {
    return fail(Code::invalid,
                "--restart has the job start again after the loss of a node, which --no-requeue "
                "rules out; leave out one of them");
  }
  if (auto can_grow = has_memory_to_grow(spec); !can_grow) return can_grow;
  if (auto can_grow = has_nodes_to_grow(spec, *layout); !can_grow) return can_grow;
  return policy.admit(view, *layout, spec);
}

base::Result<void> admissible(const View& view, const Policy& policy, const Settings& settings,
                              const model::User& user, const model::JobSpec& spec) {
  if (auto fine = runnable(view, policy, user, spec); !fine) return fine;
  if (auto fine = check_limits(spec.preparation); !fine) return fine;
  if (auto fine = can_share(view.state, settings, spec, *model::resolve(spec.shape)); !fine)
    return fine;
  const auto n_tasks = spec.array ? spec.array->tasks.count() : 0;
  if (view.state.next_job.number() > UINT32_MAX - static_cast<std::uint32_t>(n_tasks) - 2) {
    return fail(Code::exhausted, "there are no numbers left for jobs; start a new cluster");
  }
  if (view.state.n_waiting >= settings.queued_jobs) {
    return fail(Code::exhausted,
                fmt::format("{} jobs wait already, which is the limit (limits.queued_jobs)",
                            view.state.n_waiting));
  }
  return policy.allow(view, user, spec, true);
}

bool is_in_charge(const Settings& settings, const model::User& user) {
  return user.uid == 0 || user.uid == settings.owner_uid;
}

Decision decide(const View& view, const Policy& policy, const Settings& settings,
                const Input& input, base::Time now) {
  const State& state = view.state;
  return std::visit(
      base::Overloaded{
          [&](const SubmitJob& i) { return decide_submit(view, policy, settings, i, now); },
          [&](const CancelJob& i) { return decide_cancel(state, settings, i); },
          [&](const HoldJob& i) { return decide_hold(state, settings, i); },
          [&](const ReleaseJob& i) { return decide_release(state, settings, i); },
          [&](const RequeueJob& i) { return decide_requeue(state, settings, i); },
          [&](const SignalJob& i) { return decide_signal(state, settings, i); },
          [&](const UpdateJob& i) { return decide_update(view, policy, settings, i, now); },
          [&](const StartStep& i) { return decide_step(state, i); },
          [&](const CheckpointJob& i) { return decide_checkpoint(state, settings, i, now); },
          [&](const MakeBooking& i) { return decide_make_booking(view, settings, i, now); },
          [&](const CancelBooking& i) { return decide_cancel_booking(state, settings, i); },
          [&](const CancelAll& i) { return decide_cancel_all(state, settings, i); },
          [&](const NodeHello& i) { return decide_hello(view, settings, i, now); },
          [&](const NodeGone& i) { return decide_gone(state, i); },
          [&](const NodeSaysStarted& i) { return decide_started(state, i); },
          [&](const NodeSaysPrepared& i) { return decide_prepared(state, i); },
          [&](const NodeSaysEnded& i) { return decide_ended(state, settings, i, now); },
          [&](const NodeSaysCondition& i) { return decide_condition(state, settings, i); },
          [&](const NodeSaysUndying& i) { return decide_undying(state, i); },
          [&](const NodeSaysGpus& i) { return decide_gpus(state, settings, i, now); },
          [&](const NodeSaysCheckpoint& i) { return decide_node_checkpoint(state, i, now); },
          [&](const Restarted&) { return decide_restarted(state, settings); },
          [&](const ChangePool& i) { return decide_change_pool(state, settings, i); },
          [&](const ProviderMade& i) { return decide_provider(state, i); },
          [&](const ProviderFailed& i) { return decide_provider(state, i, now); },
          [&](const ProviderTwin& i) { return decide_provider(state, i); },
          [&](const ProviderEnded& i) { return decide_provider(state, settings, i, now); },
          [&](const ProviderHas& i) { return decide_provider(state, settings, i, now); },
          [&](const NodeEvicted& i) { return decide_evicted(state, settings, i, now); },
          [&](const NodeLeaves& i) {
            const auto node = state.nodes.find(i.node);
            if (node == state.nodes.end()) return Decision();
            return decide_evicted(state, settings, {node->second.info.name, i.notice, i.cause},
                                  now);
          },
          [&](const EvictNode& i) { return decide_evict(state, settings, i, now); },
          [&](const DrainNodes& i) { return decide_drain(state, settings, i, now); },
          [&](const ResumeNodes& i) { return decide_resume(state, settings, i); },
          [&](const Tick&) { return decide_tick(state, settings, now); }},
      input);
}

}  // namespace scheduler
