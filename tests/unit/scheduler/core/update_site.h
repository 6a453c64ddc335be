#pragma once
// A controller with one node, for tests that change the requests of its jobs. After each input it
// checks every index of the state, that a replay of all facts gives the same state, and that a
// snapshot does.

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

namespace update_test {

using namespace std::chrono_literals;
using namespace support;
using model::ChangedField;
using model::JobId;
using model::JobState;

inline const model::User root{.uid = 0, .gid = 0, .name = "root"};

/// What the builder says of these fields.
inline std::shared_ptr<const model::JobChange> change(std::set<ChangedField> fields,
                                                      const JobBuilder& request = job(),
                                                      std::optional<int> array_limit = {}) {
  model::JobChange made{std::move(fields), {}, array_limit};
  made.spec = model::changed({}, {made.fields, **request, array_limit});
  return std::make_shared<const model::JobChange>(std::move(made));
}

/// One node of four cores.
struct UpdateSite {
  Controller controller;

  explicit UpdateSite(scheduler::Settings settings = {},
                      scheduler::Policy policy = policy::make({}))
      : controller(std::move(settings), std::move(policy)) {
    controller.join(node("n1", 4));
  }

  JobId submit(const JobBuilder& request) {
    const auto job = controller.submit(*request);
    if (!job) FAIL(job.error().text);
    return *job;
  }
  /// A job that has the whole node, so that others wait.
  JobId block() { return submit(job().cpus_per_task(4).priority(1000)); }

  base::Result<scheduler::Answer> try_update(JobId job,
                                             std::shared_ptr<const model::JobChange> what,
                                             const model::User& by = user()) {
    return controller.ask(
        scheduler::UpdateJob{controller.next_request(), by, job, std::move(what)});
  }
  void update(JobId job, std::shared_ptr<const model::JobChange> what,
              const model::User& by = user()) {
    const auto done = try_update(job, std::move(what), by);
    if (!done) FAIL(done.error().text);
  }
  /// Of a change that is refused, after which nothing is another.
  base::Error refusal(JobId job, std::shared_ptr<const model::JobChange> what,
                      const model::User& by = user()) {
    const auto before = controller.engine().state();
    const auto done = try_update(job, std::move(what), by);
    if (done) FAIL("it was not refused");
    CHECK((before == controller.engine().state()));
    return done.error();
  }

  const scheduler::Job& at(JobId job) const { return controller.engine().state().jobs.at(job); }
  const scheduler::State& state() const { return controller.engine().state(); }
  JobState state_of(JobId job) const { return controller.state_of(job); }
  model::LaunchKey key(JobId job) const { return {job, at(job).attempts, {}}; }
  void begin(JobId job) {
    (void)controller.give(scheduler::NodeSaysStarted{controller.node_id("n1"), key(job)});
  }
  std::vector<scheduler::Action> end(JobId job, int code) {
    return controller.give(scheduler::NodeSaysEnded{
        controller.node_id("n1"), failure(key(job), model::Cause::exit_code, code)});
  }
  void hold(JobId job) {
    REQUIRE(controller.ask(scheduler::HoldJob{controller.next_request(), user(), job}));
  }
  void release(JobId job) {
    REQUIRE(controller.ask(scheduler::ReleaseJob{controller.next_request(), user(), job}));
  }
};

}  // namespace update_test
