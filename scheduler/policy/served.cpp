#include "scheduler/policy/served.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "scheduler/policy/backlog.h"
#include "scheduler/policy/policy.h"
#include "scheduler/policy/rank.h"

namespace policy {

namespace {

using base::Duration;
using scheduler::Circle;
using scheduler::Job;
using scheduler::JobKind;
using scheduler::LifeTable;

/// Of those that reach a band, so many end there as far as nobody knows better: the older a job,
/// the longer it will run on, as in all logs of such jobs.
constexpr double chance_of_end = 0.25;

/// What the wider circle says counts as so many ends.
constexpr double weight_of_wider = 2;

/// A job must cost so much more than another to be ended for it.
constexpr double clearly = 2;

/// Nobody is kept waiting for longer than all the work that is there takes, so often: what is
/// served first comes in again and again while a long job waits.
constexpr int most_rounds = 2;

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double length_of(std::size_t band) {
  return in_seconds(LifeTable::begin_of(band + 1) - LifeTable::begin_of(band));
}

/// One that may be ended without losing much.
bool saves(const Job& job) {
  const auto* attempt = scheduler::active_attempt(job);
  return job.spec->requeue &&
         (job.spec->save_signal || (attempt != nullptr && attempt->checkpoint_at));
}

bool may_be_ended(const scheduler::Class& of, const Job& job) {
  return of.yields && saves(job) && !std::holds_alternative<scheduler::Ending>(job.phase) &&
         scheduler::n_ended_by(job, model::Cause::preempted) < of.max_preemptions;
}

/// What the job holds, in cores.
double weight_of(const model::Layout& layout) {
  const auto size = scheduler::size_of(layout);
  return std::max(size.cores + cores_per_gpu * size.gpus, 1);
}

}  // namespace

Served::Served(const scheduler::View& view, Duration slice, base::Time now)
    : view_(view), slice_(slice), now_(now) {
  count_living();
  const auto* all = view.state.lifetimes.of({});
  for (std::size_t band = 0; all != nullptr && band < LifeTable::n_bands; ++band) {
    if (all->lived_s(band) > 0) oldest_ = std::max(oldest_, band);
  }
}

void Served::count_living() {
  const auto count = [this](const Job& job) {
    const auto served = scheduler::served_time(job, now_);
    oldest_ = std::max(oldest_, LifeTable::band_of(served));
    for (const auto& circle : scheduler::circles_of(scheduler::kind_of(job)))
      living_[circle].add(served, false);
  };
  for (const auto& [name, jobs] : view_.state.active_by_class) {
    for (const auto id : jobs) count(view_.state.jobs.at(id));
  }
  for (const auto id : view_.state.returned) count(view_.state.jobs.at(id));
}

/// The mean of a gamma distribution whose prior mean is what the wider circle says.
Served::Hazards Served::blend(const Hazards& wider, const Circle& circle) const {
  const auto* ended = view_.state.lifetimes.of(circle);
  const auto living = living_.find(circle);
  Hazards hazards = wider;
  for (std::size_t band = 0; band < hazards.size(); ++band) {
    double n_ended = 0;
    double lived_s = 0;
    if (ended != nullptr) {
      n_ended += static_cast<double>(ended->n_ended(band));
      lived_s += static_cast<double>(ended->lived_s(band));
    }
    if (living != living_.end()) lived_s += static_cast<double>(living->second.lived_s(band));
    hazards[band] = (n_ended + weight_of_wider) / (lived_s + weight_of_wider / wider[band]);
  }
  return hazards;
}

const Served::Hazards& Served::hazards_of(const JobKind& kind) {
  const auto circles = scheduler::circles_of(kind);
  const auto known = hazards_.find(circles.back());
  if (known != hazards_.end()) return known->second;
  Hazards hazards;
  for (std::size_t band = 0; band < hazards.size(); ++band)
    hazards[band] = -std::log(1 - chance_of_end) / length_of(band);
  for (const auto& circle : circles) hazards = blend(hazards, circle);
  return hazards_.emplace(circles.back(), hazards).first->second;
}

double Served::price(const JobKind& kind, Duration served) {
  const auto first = LifeTable::band_of(served);
  const std::pair key(scheduler::circles_of(kind).back(), first);
  auto known = spans_.find(key);
  if (known == spans_.end()) {
    const auto& hazards = hazards_of(kind);
    double best = std::numeric_limits<double>::infinity();
    double time = 0;
    double alive = 1;
    for (auto band = first; band < hazards.size(); ++band) {
      const double survive = std::exp(-hazards[band] * length_of(band));
      time += alive * (1 - survive) / hazards[band];
      alive *= survive;
      best = std::min(best, time / (1 - alive));
    }
    known = spans_.emplace(key, best).first;
  }
  return known->second * weight_of(kind.layout);
}

double Served::rank_of(double price) {
  return -std::floor(std::log2(price));
}

Duration Served::left(const JobKind& kind, Duration served) {
  const auto& hazards = hazards_of(kind);
  double time = 0;
  double alive = 1;
  for (auto band = LifeTable::band_of(served); band <= oldest_; ++band) {
    const double survive = std::exp(-hazards[band] * length_of(band));
    time += alive * (1 - survive) / hazards[band];
    alive *= survive;
  }
  return Duration(static_cast<Duration::rep>(time * 1e6));
}

bool Served::is_overdue(const std::string& pool, Duration waited) {
  if (waited <= patience) return false;
  if (!drain_times_) {
    drain_times_ = drain_times(
        view_, now_, [this](const JobKind& kind, Duration served) { return left(kind, served); });
  }
  return policy::is_overdue(waited, most_rounds * drain_times_->at(pool));
}

const std::vector<Served::Yielding>& Served::yielding() {
  if (yielding_) return *yielding_;
  auto& found = yielding_.emplace();
  for (const auto& [name, jobs] : view_.state.active_by_class) {
    const auto& of = view_.classes.of(name);
    if (!of.yields) continue;
    for (const auto id : jobs) {
      const auto& job = view_.state.jobs.at(id);
      if (!may_be_ended(of, job)) continue;
      if (now_ - scheduler::active_attempt(job)->started_at < slice_) continue;
      const auto served = scheduler::served_time(job, now_);
      if (is_overdue(job.spec->pool, now_ - job.submitted_at - served)) continue;
      found.push_back({.job = &job,
                       .priority = of.base + job.spec->priority,
                       .price = price(scheduler::kind_of(job), served)});
    }
  }
  return found;
}

std::vector<Candidate> Served::candidates(int priority, double wanted) {
  std::vector<Candidate> found;
  for (const auto& each : yielding()) {
    if (each.priority > priority || each.price < clearly * wanted) continue;
    found.push_back({each.job, weight_of(each.job->layout) / each.price});
  }
  std::ranges::sort(found, [](const Candidate& a, const Candidate& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.job->id > b.job->id;
  });
  return found;
}

bool Served::will_yield(const Job& job) const {
  const auto& of = view_.classes.of(job.spec->class_name);
  return may_be_ended(of, job) || (of.yields && view_.state.returned.contains(job.id));
}

std::optional<base::Time> Served::next_change() const {
  std::optional<base::Time> next;
  for (const auto& [name, jobs] : view_.state.active_by_class) {
    const auto& of = view_.classes.of(name);
    if (!of.yields) continue;
    for (const auto id : jobs) {
      const auto& job = view_.state.jobs.at(id);
      if (!may_be_ended(of, job)) continue;
      const auto slice_over = scheduler::active_attempt(job)->started_at + slice_;
      const auto served = scheduler::served_time(job, now_);
      const auto older = now_ + LifeTable::begin_of(LifeTable::band_of(served) + 1) - served;
      const auto at = slice_over > now_ ? slice_over : older;
      next = next ? std::min(*next, at) : at;
    }
  }
  return next;
}

}  // namespace policy
