// Stories of what the attempt after one that has ended asks for.

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::Cause;
using model::JobState;

namespace {

/// One node with 8 GiB.
struct MemorySite {
  MemorySite() { controller.join(node("n1", 2)); }

  model::JobId submit(const JobBuilder& builder) { return *controller.submit(*builder); }
  std::string refusal(const JobBuilder& builder) {
    const auto job = controller.submit(*builder);
    return job ? "accepted" : job.error().text;
  }
  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  /// What the running attempt was given, in MiB; 0: none runs.
  std::uint64_t memory(model::JobId id) const {
    const auto* attempt = scheduler::active_attempt(job_of(id));
    return attempt == nullptr ? 0 : attempt->allocation.nodes.front().memory.count() >> 20;
  }
  std::vector<scheduler::Action> end(model::JobId id, Cause cause, int code = 0) {
    const model::LaunchKey key{id, job_of(id).attempts, {}};
    const auto n1 = controller.node_id("n1");
    (void)controller.give(scheduler::NodeSaysStarted{n1, key});
    return controller.give(scheduler::NodeSaysEnded{n1, failure(key, cause, code)});
  }
  std::string end_of(model::JobId id) const {
    return describe(*std::get<scheduler::Done>(job_of(id).phase).outcome.failure);
  }

  Controller controller;
};

}  // namespace

TEST_CASE("after a lack of memory the next attempt asks for more, up to the most, and no further") {
  MemorySite site;
  const auto id =
      site.submit(job().memory_mib(1000).restart("on=oom max=9 backoff=0s memory=x2..3000M"));
  CHECK(site.memory(id) == 1000);
  const auto actions = site.end(id, Cause::out_of_memory);
  CHECK(site.memory(id) == 2000);
  const auto launches = only<scheduler::SendLaunch>(actions);
  REQUIRE(launches.size() == 1);
  CHECK(launches[0].order.job->shape.memory_per_node == base::Bytes(2000ULL << 20));
  CHECK(launches[0].order.allocation.nodes[0].memory == base::Bytes(2000ULL << 20));

  (void)site.end(id, Cause::out_of_memory);
  CHECK(site.memory(id) == 3000);
  const auto record = site.controller.engine().record_of(site.job_of(id));
  REQUIRE(record.earlier.size() == 2);
  CHECK(record.earlier[1].memory == base::Bytes(2000ULL << 20));
  CHECK(record.layout.memory_per_node == base::Bytes(3000ULL << 20));
  (void)site.end(id, Cause::out_of_memory);
  CHECK(site.controller.state_of(id) == JobState::failed);
  CHECK(
      site.end_of(id).ends_with("; it does not start again: that is the most that memory= of its "
                                "restart policy lets it ask for"));
}

TEST_CASE("memory for each core grows as well, and only after a lack of it") {
  MemorySite site;
  auto spec = **job().restart("on=oom,exit max=9 backoff=0s memory=x1.5");
  spec.shape.memory_per_cpu = base::Bytes(101ULL << 20);
  spec.shape.tasks = 2;
  const auto id = *site.controller.submit(std::make_shared<const model::JobSpec>(spec));
  CHECK(site.memory(id) == 202);
  (void)site.end(id, Cause::exit_code, 3);
  CHECK(site.memory(id) == 202);
  (void)site.end(id, Cause::out_of_memory);
  CHECK(site.memory(id) == 304);  // whole mebibytes for each core
  (void)site.end(id, Cause::exit_code, 3);
  CHECK(site.memory(id) == 304);
}

TEST_CASE("a job whose next attempt no node could run ends and says so") {
  MemorySite site;
  const auto id = site.submit(job().memory_mib(5000).restart("on=oom backoff=0s memory=x2"));
  (void)site.end(id, Cause::out_of_memory);
  CHECK(site.controller.state_of(id) == JobState::failed);
  CHECK(site.end_of(id).ends_with(
      "it does not start again: a node needs 9.8G of memory, but the largest node in this cluster "
      "has 8G; the most that can run is --mem=8192M"));
}

TEST_CASE("a job that waits for more memory says what it asks for, and can be changed") {
  MemorySite site;
  const auto other = site.submit(job().memory_mib(5000));
  const auto id = site.submit(job().memory_mib(2000).restart("on=oom backoff=0s memory=x2"));
  (void)site.end(id, Cause::out_of_memory);
  REQUIRE(site.controller.state_of(id) == JobState::waiting);
  CHECK(site.controller.reason_of(id) ==
        "needs 1 node with 1 free core and 3.9G of memory each; 0 of 1 node ready have that now; "
        "in use by job " +
            to_text(other));
  const auto advice = site.controller.engine().advise(id, site.controller.now());
  REQUIRE(advice.has_value());
  CHECK_FALSE(advice->starts_now);

  auto change = std::make_shared<model::JobChange>();
  change->fields = {model::ChangedField::memory};
  change->spec.shape.memory_per_node = base::Bytes(3000ULL << 20);
  REQUIRE(site.controller.ask(
      scheduler::UpdateJob{site.controller.next_request(), user(), id, std::move(change)}));
  CHECK(site.memory(id) == 3000);
}

TEST_CASE("memory can grow only from what was asked for") {
  MemorySite site;
  CHECK(site.refusal(job().restart("on=oom memory=x2"))
            .ends_with("say how much the first attempt gets with --mem or --mem-per-cpu"));
  CHECK(site.refusal(job().memory_mib(4096).restart("on=oom memory=x2..2G")) ==
        "--mem is 4G, which is more than the most that memory= of --restart allows, 2G; ask for "
        "less, or allow more");
  CHECK(site.refusal(job().memory_mib(2048).restart("on=oom memory=x2..2G")) == "accepted");
}
