// Stories of running jobs that start again on more nodes, and what holds for every one.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "scheduler/core/record.h"
#include "tests/support/catch.h"
#include "tests/support/rack.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::Cause;
using model::JobState;

namespace {

/// A job that is stopped ends when the test says so; what follows it starts.
class Field : public Rack {
 public:
  using Rack::Rack;

  model::JobId submit(const JobBuilder& request, std::uint32_t uid = 1000) {
    const auto id = controller.submit(*request, user(uid));
    INFO((id ? "" : id.error().text));
    REQUIRE(id.has_value());
    tell_started(*id);
    return *id;
  }
  std::string refusal(const JobBuilder& request) {
    const auto id = controller.submit(*request);
    return id ? "accepted" : id.error().text;
  }
  base::Result<void> update(model::JobId id, model::ChangedField field, const JobBuilder& request) {
    auto change = std::make_shared<model::JobChange>();
    change->fields = {field};
    change->spec = model::changed({}, {change->fields, **request, {}});
    const auto answer = controller.ask(
        scheduler::UpdateJob{controller.next_request(), user(), id, std::move(change)});
    return answer ? base::Result<void>() : std::unexpected(answer.error());
  }
  void tell_started(model::JobId id) {
    if (scheduler::active_attempt(job_of(id)) != nullptr)
      (void)controller.give(scheduler::NodeSaysStarted{first_node(id), key(id)});
  }
  std::vector<scheduler::Action> end(model::JobId id, Cause cause = Cause::signal, int code = 15) {
    auto actions = Rack::end(id, cause, code);
    if (scheduler::active_attempt(job_of(id)) != nullptr) tell_started(id);
    return actions;
  }
  std::vector<scheduler::Action> complete(model::JobId id) { return end(id, Cause::signal, 0); }
  bool is_growing(model::JobId id) const { return scheduler::is_growing(job_of(id)); }
};

JobBuilder elastic(int least, int most, base::Duration after = 10min) {
  return job().nodes(least).up_to_nodes(most).grow_after(after);
}

}  // namespace

TEST_CASE("a job starts again on more nodes when they come free, and saves its work first") {
  Field field(3);
  const auto other = field.submit(job().nodes(2));
  const auto id = field.submit(elastic(1, 3).saves(0s));
  REQUIRE(field.nodes_of(id) == "n3");
  field.controller.pass(10min);
  CHECK_FALSE(field.is_growing(id));

  const auto actions = field.complete(other);
  REQUIRE(field.is_growing(id));
  CHECK(only<scheduler::SendSave>(actions).size() == 1);
  CHECK(only<scheduler::SendStop>(actions).empty());
  const auto record = scheduler::job_record(field.job_of(id));
  REQUIRE(record.ending.has_value());
  CHECK(describe(*record.ending) == "the job is started again to grow from 1 to 3 nodes");
  const auto waits = field.submit(job());
  CHECK(field.state(waits) == JobState::waiting);
  CHECK_THAT(field.controller.reason_of(waits), Contains("job " + to_text(id)));
  CHECK_FALSE(field.controller.engine().advise(waits, field.controller.now())->starts_now);
  field.controller.pass(29s);
  CHECK(std::get<scheduler::Ending>(field.job_of(id).phase).stop_at.has_value());
  field.controller.pass(1s);
  CHECK_FALSE(std::get<scheduler::Ending>(field.job_of(id).phase).stop_at.has_value());

  const auto launches = only<scheduler::SendLaunch>(field.complete(id));  // also after a good end
  CHECK(field.nodes_of(id) == "n1 n2 n3");
  REQUIRE(launches.size() == 1);
  CHECK(launches[0].order.last_end == "the job is started again to grow from 1 to 3 nodes");
  CHECK(launches[0].order.key.attempt == 2);
  CHECK(field.job_of(id).earlier.front().why.cause == Cause::grow);
  CHECK(field.state(waits) == JobState::waiting);
  CHECK(field.controller.engine().state().owed.empty());
  CHECK(field.controller.engine().state().growers.empty());
}

TEST_CASE("a job without a signal is stopped at once, and one without the option is left alone") {
  Field field(3);
  const auto other = field.submit(job().nodes(1));
  const auto id = field.submit(elastic(1, 2, 1s).restart("on=exit max=1 backoff=0s"));
  REQUIRE(field.nodes_of(id) == "n2 n3");
  field.lose("n3");
  (void)field.end(id);
  REQUIRE(field.nodes_of(id) == "n2");
  field.controller.pass(1min);
  const auto stops = only<scheduler::SendStop>(field.complete(other));
  REQUIRE(stops.size() == 1);
  CHECK(stops[0].key.job == id);
  (void)field.end(id);
  CHECK(field.nodes_of(id) == "n1 n2");
  // Neither the loss nor the growth has used up the one restart.
  (void)field.end(id, Cause::exit_code, 3);
  CHECK(field.state(id) == JobState::running);
  (void)field.end(id, Cause::exit_code, 3);
  CHECK(field.state(id) == JobState::failed);

  const auto wide = field.submit(job());
  const auto plain = field.submit(job().nodes(1).up_to_nodes(2).restart("on=exit backoff=0s"));
  REQUIRE(field.nodes_of(plain) == "n2");
  (void)field.complete(wide);
  field.controller.pass(24h);
  CHECK(field.nodes_of(plain) == "n2");
  (void)field.end(plain, Cause::exit_code, 3);
  CHECK(field.nodes_of(plain) == "n1 n2");  // it takes what there is whenever it starts again
}

TEST_CASE("the time counts from the start of each attempt, and again after a growth") {
  Field field(3);
  const auto first = field.submit(job());
  const auto second = field.submit(job());
  const auto id = field.submit(elastic(1, 3));
  field.controller.pass(1min);
  (void)field.complete(first);
  field.controller.pass(8min + 59s);
  CHECK_FALSE(field.is_growing(id));
  field.controller.pass(1s);
  REQUIRE(field.is_growing(id));
  (void)field.end(id);
  CHECK(field.nodes_of(id) == "n1 n3");
  (void)field.complete(second);
  field.controller.pass(9min + 59s);
  CHECK_FALSE(field.is_growing(id));
  field.controller.pass(1s);
  REQUIRE(field.is_growing(id));
  (void)field.end(id);
  CHECK(field.nodes_of(id) == "n1 n2 n3");
  field.controller.pass(24h);
  CHECK(field.job_of(id).attempts == 3);
}

TEST_CASE("those who wait come first, and nobody grows where one that stays could be") {
  Field field(4);
  const auto other = field.submit(job().nodes(3));
  const auto id = field.submit(elastic(1, 4));
  const auto waits = field.submit(job().nodes(2));
  field.controller.pass(10min);
  (void)field.complete(other);
  CHECK(field.nodes_of(waits) == "n1 n2");
  REQUIRE(field.is_growing(id));
  (void)field.end(id);
  CHECK(field.nodes_of(id) == "n3 n4");
  const auto reserved = field.submit(job().nodes(4).minutes(5));
  const auto second = field.submit(job().nodes(3).minutes(5));  // has no reservation
  field.controller.pass(10min);
  (void)field.complete(waits);
  CHECK(field.state(reserved) == JobState::waiting);
  CHECK(field.state(second) == JobState::waiting);
  CHECK_FALSE(field.is_growing(id));
  for (const auto each : {reserved, second})
    (void)field.controller.ask(
        scheduler::CancelJob{field.controller.next_request(), user(), each, {}});
  CHECK(field.is_growing(id));
}

TEST_CASE("a reservation is not put off by the time that a growth gives a job") {
  Field field(3);
  const auto id = field.submit(elastic(1, 2, 1min).minutes(30));
  REQUIRE(field.nodes_of(id) == "n1 n2");
  field.lose("n2");
  (void)field.end(id);
  REQUIRE(field.nodes_of(id) == "n1 n3");
  field.lose("n3");
  (void)field.end(id);
  REQUIRE(field.nodes_of(id) == "n1");
  const auto reserved = field.submit(job().nodes(2).minutes(5));
  REQUIRE(field.state(reserved) == JobState::waiting);
  field.controller.pass(10min);
  field.join("n2");  // with n1, when that is free, it is for the other
  CHECK_FALSE(field.is_growing(id));
  CHECK(field.state(reserved) == JobState::waiting);
  field.join("n3");
  CHECK(field.nodes_of(reserved) == "n2 n3");
  CHECK_FALSE(field.is_growing(id));
}

TEST_CASE(
    "a job near its end is left alone, and so is one whose next attempt would come too late") {
  Field field(2);
  const auto other = field.submit(job());
  const auto id = field.submit(elastic(1, 2).minutes(30));
  SECTION("as long as more than the time is left, it grows and has its whole limit again") {
    field.controller.pass(20min);
    (void)field.complete(other);
    REQUIRE(field.is_growing(id));
    (void)field.end(id);
    field.controller.pass(29min);
    CHECK(field.state(id) == JobState::running);
    field.controller.pass(1min);
    CHECK(field.state(id) == JobState::ending);
    CHECK(std::get<scheduler::Ending>(field.job_of(id).phase).why.cause == Cause::time_limit);
  }
  SECTION("after that it does not") {
    field.controller.pass(20min + 1s);
    (void)field.complete(other);
    CHECK_FALSE(field.is_growing(id));
  }
  SECTION("nor where the limit is never far enough") {
    const auto brief = field.submit(elastic(1, 2).minutes(19));
    (void)field.complete(id);
    field.tell_started(brief);
    REQUIRE(field.state(brief) == JobState::running);
    CHECK(field.controller.engine().state().growers.empty());
  }
  SECTION("nor where another attempt could not end by the deadline") {
    const auto late =
        field.submit(elastic(1, 2, 1min).minutes(30).deadline(field.controller.now() + 35min));
    (void)field.complete(id);
    field.tell_started(late);
    REQUIRE(field.nodes_of(late) == "n2");
    field.controller.pass(4min);
    (void)field.complete(other);
    CHECK_FALSE(field.is_growing(late));
  }
}

TEST_CASE("what was promised and is not there any more is done without") {
  Field field(4);
  const auto other = field.submit(job().nodes(2));
  const auto id = field.submit(elastic(2, 4));
  field.controller.pass(10min);
  (void)field.complete(other);
  REQUIRE(field.is_growing(id));
  const auto waits = field.submit(job());
  SECTION("a node that was to come") {
    field.lose("n1");
    (void)field.end(id);
    CHECK(field.nodes_of(id) == "n2 n3 n4");
    CHECK(field.state(waits) == JobState::waiting);
  }
  SECTION("so many that too few are left: then it takes any, first of all") {
    for (const auto* name : {"n1", "n2", "n4"}) field.lose(name);
    (void)field.end(id);
    CHECK(field.state(id) == JobState::waiting);
    CHECK(field.nodes_of(waits) == "n3");  // as ever, nodes that may never come hold up nobody
    const auto change = field.update(id, model::ChangedField::pool, job().pool("default"));
    REQUIRE_FALSE(change);
    CHECK_THAT(change.error().text, Contains("nodes are kept for job"));
    CHECK(field.update(id, model::ChangedField::comment, job()));
    const auto urgent = field.submit(job().nodes(2).of_class("urgent"));
    field.join("n5");
    (void)field.complete(waits);
    CHECK(field.nodes_of(id) == "n3 n5");
    CHECK(field.state(urgent) == JobState::waiting);
  }
  SECTION("all of it, when a user cancels the job") {
    (void)field.controller.ask(
        scheduler::CancelJob{field.controller.next_request(), user(), id, {}});
    CHECK(field.nodes_of(waits) == "n1");
    (void)field.end(id);
    CHECK(field.state(id) == JobState::cancelled);
  }
}

TEST_CASE("more than was promised is for others") {
  Field field(4);
  const auto other = field.submit(job());
  const auto busy = field.submit(job().nodes(2));
  const auto id = field.submit(elastic(1, 4));
  field.controller.pass(10min);
  (void)field.complete(other);
  REQUIRE(field.is_growing(id));
  (void)field.complete(busy);
  const auto waits = field.submit(job().nodes(3));
  (void)field.end(id);
  CHECK(field.nodes_of(id) == "n1 n4");
  CHECK(field.state(waits) == JobState::waiting);
  CHECK(field.controller.engine().record_of(field.job_of(waits)).state == JobState::waiting);
}

TEST_CASE("a growth stays within quotas, and within what a waiting job is to have of them") {
  auto settings = settings_without_pause();
  settings.quotas = {{.user = "*", .limits = {{model::QuotaResource::nodes, 3}}}};
  Field field(6, settings);
  const auto others = field.submit(job().nodes(3), 2);
  const auto id = field.submit(elastic(1, 6));
  REQUIRE(field.nodes_of(id) == "n4 n5 n6");
  field.lose("n6");
  (void)field.end(id);
  REQUIRE(field.nodes_of(id) == "n4 n5");
  const auto own = field.submit(job().nodes(2));  // too many beside the two
  REQUIRE(field.state(own) == JobState::waiting);
  field.controller.pass(10min);
  (void)field.complete(others);
  CHECK_FALSE(field.is_growing(id));
  (void)field.controller.ask(
      scheduler::CancelJob{field.controller.next_request(), user(), own, {}});
  REQUIRE(field.is_growing(id));
  const auto more = field.submit(job());  // the third node is kept
  CHECK(field.state(more) == JobState::waiting);
  (void)field.end(id);
  CHECK(field.nodes_of(id) == "n1 n4 n5");
}

TEST_CASE("licenses that a job holds are its own, and no growth keeps them from one that waits") {
  auto settings = settings_without_pause();
  settings.licenses = {{"solver", 1}};
  Field field(3, settings);
  const auto other = field.submit(job().nodes(2));
  auto spec = **elastic(1, 3);
  spec.licenses = {{"solver", 1}};
  const auto id = *field.controller.submit(std::make_shared<const model::JobSpec>(spec));
  field.tell_started(id);
  field.controller.pass(10min);
  SECTION("it grows with them") {
    (void)field.complete(other);
    CHECK(field.is_growing(id));
    (void)field.end(id);
    CHECK(field.nodes_of(id) == "n1 n2 n3");
  }
  SECTION("it does not while another waits for them") {
    auto waiting = **job();
    waiting.licenses = spec.licenses;
    const auto waits = *field.controller.submit(std::make_shared<const model::JobSpec>(waiting));
    (void)field.complete(other);
    CHECK(field.state(waits) == JobState::waiting);
    CHECK_FALSE(field.is_growing(id));
  }
}

TEST_CASE("a fixed number of tasks is shared out over more nodes, and bookings stand before it") {
  Field field(0);
  for (const auto* name : {"n1", "n2"}) field.controller.join(node(name, 4));
  const auto other = field.submit(job().tasks(4));
  const auto id = field.submit(elastic(1, 2).tasks(4).minutes(60));
  REQUIRE(field.nodes_of(id) == "n2");
  field.controller.pass(10min);
  SECTION("it grows") {
    (void)field.complete(other);
    REQUIRE(field.is_growing(id));
    (void)field.end(id);
    REQUIRE(field.nodes_of(id) == "n1 n2");
    CHECK(scheduler::active_attempt(field.job_of(id))->allocation.nodes[0].tasks == 2);
  }
  SECTION("it does not on a node that is booked before it would have ended") {
    model::BookingSpec booking;
    booking.name = "soon";
    booking.names = {"n1"};
    booking.start = field.controller.now() + 30min;
    booking.end = booking.start + 1h;
    booking.ignores_jobs = true;
    REQUIRE(field.controller.ask(
        scheduler::MakeBooking{field.controller.next_request(), user(0), std::move(booking)}));
    (void)field.complete(other);
    CHECK_FALSE(field.is_growing(id));
  }
}

TEST_CASE("who is to grow has a range of nodes, and may start again") {
  Field field(2);
  CHECK(field.refusal(job().nodes(2).grow_after(1h)) ==
        "--grow-after has a job start again on more nodes, up to the most of its range, and this "
        "one asks for 2 nodes; give a range, such as --nodes=2-8, or leave out --grow-after");
  CHECK(field.refusal(elastic(2, 2)).starts_with("--grow-after has a job"));
  CHECK_THAT(field.refusal(job().grow_after(1h)), Contains("asks for no number of them"));
  CHECK_THAT(field.refusal(elastic(1, 2).no_requeue()), Contains("--no-requeue"));
  const auto other = field.submit(job());
  const auto id = field.submit(job().nodes(1).up_to_nodes(2));
  CHECK_FALSE(field.update(other, model::ChangedField::grow_after, elastic(1, 2)));
  (void)field.complete(other);
  field.controller.pass(1h);
  REQUIRE(field.update(id, model::ChangedField::grow_after, elastic(1, 2)));
  CHECK(field.is_growing(id));
  CHECK(scheduler::job_record(field.job_of(id)).grow_after == 10min);
  (void)field.end(id);
  field.lose("n2");
  (void)field.end(id);
  REQUIRE(field.update(id, model::ChangedField::grow_after, job()));
  CHECK(field.controller.engine().state().growers.empty());
}

TEST_CASE("what is promised is kept, in any turmoil, and growth brings more nodes") {
  base::Random random(58);
  int n_growths = 0;
  for (int round = 0; round < 20; ++round) {
    policy::Options options;
    options.order = random.chance(50) ? policy::Order::predicted : policy::Order::fcfs;
    Field field(4 + static_cast<int>(random.below(5)), settings_without_pause(), options);
    std::map<model::JobId, std::string> promised;
    std::vector<model::JobId> jobs;
    const auto see = [&] {
      for (const auto id : jobs) {
        if (!field.is_growing(id) || promised.contains(id)) continue;
        std::string names;
        for (const auto node : field.controller.engine().state().owed.at(id).nodes) {
          const auto& name = field.controller.engine().state().nodes.at(node).info.name;
          names += (names.empty() ? "" : " ") + name;
        }
        CHECK(names.size() > field.nodes_of(id).size());
        promised.emplace(id, names);
      }
    };
    for (int i = 0; i < 30; ++i) {
      field.controller.pass(std::chrono::seconds(random.below(90)));
      see();
      const int least = 1 + static_cast<int>(random.below(2));
      const int minutes = 5 + static_cast<int>(random.below(20));
      if (random.chance(40)) {
        const bool is_elastic = random.chance(75);
        auto request = is_elastic ? elastic(least, least + 3, 1min) : job().nodes(least);
        jobs.push_back(field.submit(request.minutes(minutes)));
      }
      see();
      for (const auto id : jobs) {
        if (scheduler::active_attempt(field.job_of(id)) == nullptr || !random.chance(25)) continue;
        const bool was_growing = field.is_growing(id);
        (void)field.end(id);
        see();
        if (!was_growing) continue;
        ++n_growths;
        CHECK(field.nodes_of(id) == promised.at(id));
        promised.erase(id);
      }
    }
  }
  CHECK(n_growths > 10);
}
