// Changes of requests at random, among everything else that may happen.

#include "lib/base/random.h"
#include "tests/unit/scheduler/core/update_site.h"

using namespace update_test;

namespace {

/// Does anything that users, nodes and the clock may do to a site.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  void step() {
    const auto what = any(10);
    if (what < 2) (void)site_.controller.submit(*request());
    if (what == 2) (void)site_.controller.submit(*request().array("0-3%2"));
    if (what == 3) site_.controller.pass(std::chrono::minutes(any(20)));
    if (what == 4) begin_one();
    if (what == 5) end_one();
    if (what > 5) update_one();
  }

  int n_updated() const { return n_updated_; }

 private:
  int any(std::uint64_t n) { return static_cast<int>(random_.below(n)); }

  JobBuilder request() {
    auto made = job();
    made.tasks(any(5) + 1).minutes(any(50) + 1).priority(any(3));
    made.name(std::string(1, static_cast<char>('a' + any(3))));
    const auto kind = any(8);
    const auto now = site_.controller.now();
    if (kind == 0) made.depends("singleton");
    if (kind == 1) made.depends("afterany:" + std::to_string(any(9) + 1));
    if (kind == 2) made.begin(now + std::chrono::minutes(any(60)));
    if (kind == 3) made.deadline(now + std::chrono::minutes(any(90)));
    if (kind == 4) made.of_class("urgent");
    if (kind == 5) made.of_class("low").saves(3min);
    return made;
  }

  void begin_one() {
    for (const auto& [id, job] : site_.state().jobs) {
      if (std::holds_alternative<scheduler::Starting>(job.phase)) return site_.begin(id);
    }
  }

  void end_one() {
    for (const auto& [id, job] : site_.state().jobs) {
      const auto* attempt = scheduler::active_attempt(job);
      if (attempt == nullptr || !attempt->batch.started) continue;
      (void)site_.end(id, any(2));
      return;
    }
  }

  void update_one() {
    constexpr int n_fields = static_cast<int>(ChangedField::comment) + 1;
    std::set<ChangedField> fields{static_cast<ChangedField>(any(n_fields))};
    if (any(2) == 0) fields.insert(static_cast<ChangedField>(any(n_fields)));
    const bool is_limited = fields.contains(ChangedField::array_limit) && any(2) == 0;
    const auto limit = is_limited ? std::optional(any(3) + 1) : std::nullopt;
    std::vector<JobId> jobs{JobId(1)};
    for (const auto& [other, job] : site_.state().jobs) {
      if (!std::holds_alternative<scheduler::Done>(job.phase)) jobs.push_back(other);
    }
    const auto id = jobs[random_.below(jobs.size())];
    const auto n_facts = site_.controller.facts().size();
    const auto by = any(2) == 0 ? root : user();
    const auto done = site_.try_update(id, change(fields, request(), limit), by);
    if (done && site_.controller.facts().size() > n_facts) ++n_updated_;
  }

  base::Random random_;
  /// Each blocked job has its place, so that none ends a job that has only just passed it.
  UpdateSite site_{{}, policy::make({.depth = policy::Options::unlimited})};
  int n_updated_ = 0;
};

}  // namespace

TEST_CASE("jobs that are changed at random keep every promise of the state") {
  int n_updated = 0;
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    INFO("seed " << seed);
    Chance chance(seed);
    for (int i = 0; i < 100; ++i) chance.step();
    n_updated += chance.n_updated();
  }
  CHECK(n_updated > 25);
}
