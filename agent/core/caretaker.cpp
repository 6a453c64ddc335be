#include "agent/core/caretaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"

namespace agent {

namespace {

using model::Fitness;

constexpr base::Duration longest_pause = std::chrono::hours(1);
constexpr int most_doublings = 16;

}  // namespace

std::string_view to_text(CareStep step) {
  switch (step) {
    case CareStep::mounts:
      return "mounting";
    case CareStep::setup:
      return "setup";
    case CareStep::checks:
      return "built-in check";
    case CareStep::health:
      return "health check";
  }
  return {};
}

Caretaker::Caretaker(Known known)
    : condition_(std::move(known.condition)),
      setup_done_(std::move(known.setup_done)),
      gpus_(condition_.gpus) {}

std::vector<CareAction> Caretaker::want(const model::NodeCare& care, base::Time now) {
  now_ = now;
  if (is_wanted_ && care == care_) return {};
  if (std::exchange(running_, std::nullopt)) act(StopStep{});
  care_ = care;
  is_wanted_ = true;
  if (!care_.checks) gpus_.clear();
  next_at_.reset();
  n_setup_faults_ = n_check_faults_ = 0;
  const auto basis = model::basis_of(care_);
  if (basis.empty()) {
    const bool is_news = std::exchange(condition_, {}) != model::NodeCondition();
    if (is_news) act(TellCondition{});
    finish();
  } else if (condition_.basis == basis && condition_.fitness == Fitness::ready) {
    if (care_.has_checks()) next_at_ = now_ + care_.health_interval;
    finish();
  } else {
    begin(false);
  }
  return std::exchange(actions_, {});
}

std::vector<CareAction> Caretaker::check(std::uint32_t request, bool setup, base::Time now) {
  now_ = now;
  questions_.push_back({request, setup && !care_.setup.empty()});
  if (!running_) begin(questions_.back().setup);
  return std::exchange(actions_, {});
}

/// A round: the mounts, the setup where it is due or wanted, then the checks.
void Caretaker::begin(bool with_setup) {
  next_at_.reset();
  has_run_setup_ = !care_.setup.empty() && (with_setup || setup_done_ != care_.setup);
  const auto first = next_step({});
  if (!first) {
    if (is_wanted_) turn(Fitness::ready, {}, {}, false);
    return finish();
  }
  const bool is_unknown = condition_.basis != model::basis_of(care_);
  if (has_run_setup_) {
    // One that has failed stays unusable until it goes well.
    if (is_unknown || condition_.fitness != Fitness::unusable)
      turn(Fitness::preparing, "its setup runs", {}, false);
  } else if (is_unknown) {
    turn(Fitness::preparing, "it is being checked", {}, false);
  }
  run(*first);
}

/// In a round, the first one where none is done yet; nothing after the last one.
std::optional<CareStep> Caretaker::next_step(std::optional<CareStep> done) const {
  const std::array<std::pair<CareStep, bool>, 4> steps{{{CareStep::mounts, !care_.mounts.empty()},
                                                        {CareStep::setup, has_run_setup_},
                                                        {CareStep::checks, care_.checks},
                                                        {CareStep::health, !care_.health.empty()}}};
  for (const auto& [step, is_due] : steps) {
    if (is_due && (!done || step > *done)) return step;
  }
  return std::nullopt;
}

void Caretaker::run(CareStep step) {
  running_ = Running{step, now_ + limit_of(step)};
  std::string command;
  if (step == CareStep::setup) {
    setup_done_.clear();
    command = care_.setup;
  }
  if (step == CareStep::health) command = care_.health;
  act(RunStep{step, std::move(command)});
}

base::Duration Caretaker::limit_of(CareStep step) const {
  if (step == CareStep::mounts) return care_.mount_timeout;
  return step == CareStep::setup ? care_.setup_timeout : care_.health_timeout;
}

std::vector<CareAction> Caretaker::ended(const StepEnd& end, base::Time now) {
  now_ = now;
  if (!running_) return {};
  if (end.gpus && running_->step == CareStep::checks) note_gpus(*end.gpus);
  if (end.fault.empty()) {
    go_on(std::exchange(running_, std::nullopt)->step);
  } else {
    fail(end);
  }
  return std::exchange(actions_, {});
}

void Caretaker::go_on(CareStep done) {
  if (done == CareStep::setup) setup_done_ = care_.setup;
  if (const auto next = next_step(done)) {
    if (next > CareStep::setup) n_setup_faults_ = 0;
    return run(*next);
  }
  n_setup_faults_ = n_check_faults_ = 0;
  if (care_.has_checks()) next_at_ = now_ + care_.health_interval;
  turn(Fitness::ready, {}, {}, false);
  finish();
}

void Caretaker::fail(const StepEnd& end) {
  const auto step = std::exchange(running_, std::nullopt)->step;
  const auto what = fmt::format("its {} {}", to_text(step), end.fault);
  if (step <= CareStep::setup) {
    const int n = ++n_setup_faults_;
    const bool is_given_up = n >= care_.setup_tries;
    const auto doublings = std::min(n - 1, most_doublings);
    const auto pause = is_given_up ? care_.setup_heal
                                   : std::min(care_.setup_pause * (1 << doublings),
                                              std::max(longest_pause, care_.setup_pause));
    next_at_ = now_ + pause;
    const auto count = is_given_up
                           ? fmt::format("{} in a row", base::plural(care_.setup_tries, "time"))
                           : fmt::format("try {} of {}", n, care_.setup_tries);
    turn(Fitness::unusable,
         fmt::format("{} ({}); {} {}", what, count,
                     is_given_up ? "it is tried again every" : "it is tried again in",
                     base::to_text(pause)),
         end.output, is_given_up);
  } else {
    const bool is_given_up = ++n_check_faults_ >= care_.setup_tries;
    next_at_ = now_ + care_.health_interval;
    turn(Fitness::unusable, what, end.output, is_given_up);
  }
  finish();
}

/// A round is over.
void Caretaker::finish() {
  std::erase_if(questions_, [this](const Question& question) {
    const bool is_answered = !question.setup || has_run_setup_;
    if (is_answered) act(AnswerCheck{question.request});
    return is_answered;
  });
  if (!questions_.empty()) begin(true);
}

std::vector<CareAction> Caretaker::tick(base::Time now) {
  now_ = now;
  if (running_ && running_->until <= now_) {
    const auto limit = limit_of(running_->step);
    running_->until = base::Time::max();
    act(StopStep{fmt::format("did not end within {}", base::to_text(limit))});
  } else if (!running_ && next_at_ && *next_at_ <= now_) {
    begin(false);
  }
  return std::exchange(actions_, {});
}

std::optional<base::Time> Caretaker::next_deadline() const {
  if (!running_) return next_at_;
  return running_->until == base::Time::max() ? std::nullopt : std::optional(running_->until);
}

/// One that fails on fails since it was first found to.
void Caretaker::note_gpus(std::vector<model::FailingGpu> gpus) {
  for (auto& failing : gpus) {
    const auto known = std::ranges::find(gpus_, failing.gpu, &model::FailingGpu::gpu);
    failing.since = known == gpus_.end() ? now_ : known->since;
  }
  std::ranges::sort(gpus, {}, &model::FailingGpu::gpu);
  gpus_ = std::move(gpus);
}

/// What is known already is not told again, even where a program says it in other words.
void Caretaker::turn(Fitness fitness, std::string reason, std::string output, bool is_given_up) {
  auto basis = model::basis_of(care_);
  const bool is_same = condition_.fitness == fitness && condition_.reason == reason &&
                       condition_.is_given_up == is_given_up && condition_.basis == basis;
  if (is_same && condition_.gpus == gpus_) return;
  condition_ = {.fitness = fitness,
                .reason = std::move(reason),
                .output = std::move(output),
                .since = is_same ? condition_.since : now_,
                .is_given_up = is_given_up,
                .basis = std::move(basis),
                .gpus = gpus_};
  act(TellCondition{});
}

}  // namespace agent
