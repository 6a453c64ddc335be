#include "scheduler/core/lifetimes.h"

#include <algorithm>

#include "lib/base/check.h"

namespace scheduler {

namespace {

using base::Duration;

constexpr Duration first_band = std::chrono::minutes(1);

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

}  // namespace

std::size_t LifeTable::band_of(Duration age) {
  std::size_t band = 0;
  while (band + 1 < n_bands && age >= begin_of(band + 1)) ++band;
  return band;
}

Duration LifeTable::begin_of(std::size_t band) {
  return band == 0 ? Duration() : first_band * (std::int64_t{1} << (band - 1));
}

void LifeTable::add(Duration age, bool has_ended) {
  change(age, has_ended, 1);
}

void LifeTable::remove(Duration age, bool has_ended) {
  change(age, has_ended, -1);
}

void LifeTable::change(Duration age, bool has_ended, int by) {
  const auto last = band_of(age);
  for (std::size_t band = 0; band < last; ++band)
    lived_s_[band] += by * whole_seconds(begin_of(band + 1) - begin_of(band));
  lived_s_[last] += by * whole_seconds(age - begin_of(last));
  if (has_ended) n_ended_[last] += by;
}

std::vector<Circle> circles_of(const JobKind& kind) {
  const auto size = size_of(kind.layout);
  std::vector<Circle> circles{{}, {size, {}, {}}, {size, kind.uid, {}}};
  if (!kind.family.empty()) circles.push_back({size, kind.uid, kind.family});
  return circles;
}

Size size_of(const model::Layout& layout) {
  const auto demand = model::demand_of(layout, layout.tasks);
  return {.cores = demand.cores, .gpus = demand.gpus};
}

Duration served_time(const Job& job, base::Time now) {
  Duration served{};
  for (const auto& attempt : job.earlier) served += attempt.ended_at - attempt.started_at;
  const auto* done = std::get_if<Done>(&job.phase);
  const auto* attempt = latest_attempt(job);
  if (attempt != nullptr) served += (done != nullptr ? done->at : now) - attempt->started_at;
  return std::max(served, Duration());
}

void Lifetimes::learn(const Job& job) {
  const auto* done = std::get_if<Done>(&job.phase);
  if (done == nullptr || !done->last) return;
  for (const auto& circle : circles_of(kind_of(job))) {
    auto& known = known_[circle];
    known.table.add(served_time(job, done->at), true);
    ++known.n;
  }
}

void Lifetimes::forget(const Job& job) {
  const auto* done = std::get_if<Done>(&job.phase);
  if (done == nullptr || !done->last) return;
  for (const auto& circle : circles_of(kind_of(job))) {
    const auto known = known_.find(circle);
    base::check(known != known_.end(), "a job that is forgotten was learnt from");
    known->second.table.remove(served_time(job, done->at), true);
    if (--known->second.n == 0) known_.erase(known);
  }
}

const LifeTable* Lifetimes::of(const Circle& circle) const {
  const auto known = known_.find(circle);
  return known == known_.end() ? nullptr : &known->second.table;
}

}  // namespace scheduler
