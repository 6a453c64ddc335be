// Life tables of jobs that have ended.

#include "scheduler/core/lifetimes.h"

#include <deque>

#include "lib/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/cluster.h"

using namespace support;
using namespace std::chrono_literals;
using scheduler::LifeTable;

namespace {

constexpr base::Time start = base::time_from_us(0);

scheduler::Job ended(const JobBuilder& request, base::Duration ran, base::Duration earlier = {}) {
  scheduler::Job job{.id = model::JobId(1),
                     .attempts = 1,
                     .submitted_at = start,
                     .spec = *request,
                     .phase = {},
                     .user = user(),
                     .layout = *model::resolve((*request)->shape),
                     .earlier = {}};
  if (earlier > base::Duration()) {
    job.earlier.push_back({.attempt = 1,
                           .nodes = "n1",
                           .cores = 1,
                           .gpus = 0,
                           .started_at = start,
                           .ended_at = start + earlier,
                           .why = {}});
  }
  scheduler::Attempt last{.number = 1,
                          .allocation = {},
                          .started_at = start + earlier,
                          .batch = {.node = model::NodeId(1), .report = {}},
                          .steps = {},
                          .checkpoint_at = {}};
  job.phase = scheduler::Done{
      .outcome = {}, .at = start + earlier + ran, .last = std::move(last), .running_since = {}};
  return job;
}

}  // namespace

TEST_CASE("ages are told apart by bands that double") {
  CHECK(LifeTable::band_of(0s) == 0);
  CHECK(LifeTable::band_of(59s) == 0);
  CHECK(LifeTable::band_of(1min) == 1);
  CHECK(LifeTable::band_of(2min) == 2);
  CHECK(LifeTable::band_of(4min - 1us) == 2);
  CHECK(LifeTable::begin_of(3) == 4min);
  CHECK(LifeTable::band_of(24h * 365 * 100) == LifeTable::n_bands - 1);
}

TEST_CASE("a life counts in each band that it went through, and ends in its last") {
  LifeTable table;
  table.add(150s, true);
  table.add(70s, false);
  CHECK(table.lived_s(0) == 120);
  CHECK(table.lived_s(1) == 70);
  CHECK(table.lived_s(2) == 30);
  CHECK(table.n_ended(2) == 1);
  CHECK(table.n_ended(1) == 0);
}

TEST_CASE("jobs are alike by size, user and the family of their names") {
  scheduler::Lifetimes lifetimes;
  lifetimes.learn(ended(job().tasks(2).name("train7"), 150s));
  const scheduler::Size size{.cores = 2, .gpus = 0};
  REQUIRE(lifetimes.of({}));
  REQUIRE(lifetimes.of({size, {}, {}}));
  REQUIRE(lifetimes.of({size, 1000, {}}));
  REQUIRE(lifetimes.of({size, 1000, "train"}));
  CHECK(lifetimes.of({size, 1000, "train"})->n_ended(2) == 1);
  CHECK(lifetimes.of({scheduler::Size{.cores = 1, .gpus = 0}, {}, {}}) == nullptr);
}

TEST_CASE("a life is as long as all attempts together") {
  CHECK(scheduler::served_time(ended(job(), 60s, 90s), start) == 150s);
  scheduler::Lifetimes lifetimes;
  lifetimes.learn(ended(job(), 60s, 90s));
  CHECK(lifetimes.of({})->n_ended(2) == 1);
}

TEST_CASE("what is forgotten leaves nothing behind") {
  base::Random random(3);
  scheduler::Lifetimes lifetimes;
  std::deque<scheduler::Job> known;
  for (int i = 0; i < 200; ++i) {
    const auto tasks = static_cast<int>(random.below(3)) + 1;
    const auto name = "job" + std::string(1, static_cast<char>('a' + random.below(3)));
    const auto ran = base::Duration(static_cast<std::int64_t>(random.below(1'000'000'000'000)));
    known.push_back(ended(job().tasks(tasks).name(name), ran));
    lifetimes.learn(known.back());
    if (known.size() <= 20) continue;
    lifetimes.forget(known.front());
    known.pop_front();
  }
  scheduler::Lifetimes anew;
  for (const auto& each : known) anew.learn(each);
  CHECK(lifetimes == anew);
  for (const auto& each : known) lifetimes.forget(each);
  CHECK(lifetimes == scheduler::Lifetimes());
}
