#include "tests/support/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "scheduler/core/invariants.h"
#include "scheduler/core/record.h"

namespace support {

Controller::Controller(scheduler::Settings settings, scheduler::Policy policy)
    : settings_(std::move(settings)), policy_(std::move(policy)), engine_(settings_, policy_) {}

std::vector<scheduler::Action> Controller::give(const scheduler::Input& input) {
  for (auto& fact : engine_.handle(input, now_)) facts_.push_back(std::move(fact));
  for (auto& fact : engine_.plan(now_)) facts_.push_back(std::move(fact));
  if (const auto more = engine_.plan(now_); !more.empty()) {
    throw std::logic_error(fmt::format("a pass leaves nothing to do, but found {}",
                                       model::kind_of(more.front().body)));
  }
  verify();
  return engine_.durable(engine_.last_seq());
}

base::Result<scheduler::Answer> Controller::ask(const scheduler::Input& input) {
  const auto replies = only<scheduler::Reply>(give(input));
  if (replies.size() != 1) throw std::logic_error("a request gets one reply");
  return replies.front().answer;
}

base::Result<model::JobId> Controller::submit(std::shared_ptr<const model::JobSpec> spec,
                                              model::User by) {
  auto answer = ask(scheduler::SubmitJob{next_request(), std::move(by), std::move(spec)});
  if (!answer) return std::unexpected(answer.error());
  return std::get<scheduler::Submitted>(*answer).job;
}

void Controller::run(model::JobId job, int exit_code) {
  const auto* attempt = scheduler::active_attempt(engine_.state().jobs.at(job));
  if (attempt == nullptr) throw std::logic_error("a job that runs has started");
  const auto node = attempt->batch.node;
  const model::LaunchKey key{job, attempt->number, {}};
  (void)give(scheduler::NodeSaysStarted{node, key});
  const auto report =
      exit_code == 0 ? success(key) : failure(key, model::Cause::exit_code, exit_code);
  (void)give(scheduler::NodeSaysEnded{node, report});
}

std::string Controller::reason_of(model::JobId job) const {
  const auto reason = engine_.reason_of(job);
  return reason ? describe(*reason) : "";
}

void Controller::join(const model::NodeInfo& info) {
  if (only<scheduler::Admit>(give(scheduler::NodeHello{hello(info)})).size() != 1) {
    throw std::logic_error("the node was refused");
  }
}

void Controller::pass(base::Duration duration) {
  const auto until = now_ + duration;
  for (auto due = engine_.next_deadline(); due && *due <= until; due = engine_.next_deadline()) {
    now_ = std::max(now_, *due);
    (void)give(scheduler::Tick{});  // what it makes the world do is not this call's business
  }
  now_ = until;
}

scheduler::RequestId Controller::next_request() {
  request_ = request_.next();
  return request_;
}

model::NodeId Controller::node_id(const std::string& name) const {
  return engine_.state().node_by_name.at(name);
}

model::JobState Controller::state_of(model::JobId job) const {
  return scheduler::job_record(engine_.state().jobs.at(job)).state;
}

void Controller::verify() const {
  if (const auto found = scheduler::violation(engine_.state())) throw std::logic_error(*found);
  std::optional<scheduler::JobKind> seen;
  if (engine_.overlooked(seen, engine_.state().queue.size()))
    throw std::logic_error("a pass has overlooked a job that could start");
  scheduler::Engine again(settings_, policy_);
  model::Seq seq = 0;
  for (const auto& fact : facts_) again.replay(++seq, fact);
  if (!(again.state() == engine_.state())) throw std::logic_error("replay does not equal live");
  verify_snapshot();
}

/// The facts that a snapshot keeps make the same state.
void Controller::verify_snapshot() const {
  scheduler::Engine again(settings_, policy_);
  model::Seq seq = 0;
  for (const auto& fact : engine_.head(now_)) again.replay(++seq, fact);
  for (const auto& fact : facts_) {
    if (!engine_.is_forgotten(fact)) again.replay(++seq, fact);
  }
  for (const auto& fact : engine_.tail(now_)) again.replay(++seq, fact);
  if (!(again.state() == engine_.state())) throw std::logic_error("a snapshot changes the state");
}

}  // namespace support
