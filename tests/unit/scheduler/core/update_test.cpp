// Changes of requests.

#include <algorithm>

#include "tests/unit/scheduler/core/update_site.h"

using namespace update_test;
using Catch::Matchers::Contains;

TEST_CASE("only what is given of a waiting job changes, and it keeps its id, age and token") {
  UpdateSite site;
  site.block();
  const auto request = job().tasks(2).minutes(60).priority(3).token("t").name("first");
  const auto id = site.submit(request);
  const auto submitted_at = site.at(id).submitted_at;
  site.controller.pass(1min);
  site.update(id,
              change({ChangedField::time_limit, ChangedField::tasks}, job().minutes(20).tasks(3)));
  auto expected = **request;
  expected.time_limit = 20min;
  expected.shape.tasks = 3;
  CHECK(*site.at(id).spec == expected);
  CHECK(site.at(id).layout.tasks == 3);
  CHECK(site.at(id).submitted_at == submitted_at);
  CHECK(site.submit(request) == id);
  CHECK(site.at(id).changed == model::LastChange{site.controller.now(), "user1000"});
  CHECK(site.controller.engine().record_of(site.at(id)).changed == site.at(id).changed);
}

TEST_CASE("a listed field without a value is taken back") {
  UpdateSite site;
  site.block();
  const auto deadline = site.controller.now() + 10h;
  const auto id = site.submit(job().minutes(60).deadline(deadline));
  site.update(id, change({ChangedField::time_limit, ChangedField::deadline}));
  CHECK_FALSE(site.at(id).spec->time_limit);
  CHECK_FALSE(site.at(id).spec->deadline);
  CHECK(site.state().too_late.empty());
}

TEST_CASE("a change that changes nothing leaves no fact") {
  UpdateSite site;
  site.block();
  const auto id = site.submit(job().minutes(60));
  const auto n_facts = site.controller.facts().size();
  site.update(id, change({ChangedField::time_limit}, job().minutes(60)));
  CHECK(site.controller.facts().size() == n_facts);
  CHECK_FALSE(site.at(id).changed);
}

TEST_CASE("a fact of a change is small, whatever the script") {
  UpdateSite site;
  site.block();
  const auto id = site.submit(job());
  site.update(id, change({ChangedField::priority}, job().priority(7)));
  const auto& fact = std::get<model::JobUpdated>(site.controller.facts().back().body);
  CHECK(fact.change->spec.script.empty());
  CHECK(fact.change->spec.environment.empty());
}

TEST_CASE("a job that fits by its new request starts at once") {
  UpdateSite site;
  site.submit(job().tasks(2));
  const auto id = site.submit(job().tasks(3));
  REQUIRE(site.state_of(id) == JobState::waiting);
  site.update(id, change({ChangedField::tasks}, job().tasks(2)));
  CHECK(site.state_of(id) == JobState::starting);
}

TEST_CASE("why says right after what stands before the new request") {
  UpdateSite site;
  site.submit(job().tasks(2));
  const auto id = site.submit(job().tasks(3));
  const auto before = site.controller.reason_of(id);
  site.update(id, change({ChangedField::tasks}, job().tasks(4)));
  const auto after = site.controller.reason_of(id);
  CHECK_THAT(before, Contains("3 free cores") || Contains("3 cores"));
  CHECK_THAT(after, Contains("4 free cores") || Contains("4 cores"));
  const auto begin = site.controller.now() + 1h;
  site.update(id, change({ChangedField::begin}, job().begin(begin)));
  CHECK(site.controller.reason_of(id) == "starts not before " + to_text(begin));
}

TEST_CASE("a higher priority overtakes, an equal one has its place by age") {
  UpdateSite site;
  const auto first = site.block();
  const auto old = site.submit(job().cpus_per_task(4).minutes(10));
  site.controller.pass(1s);
  const auto young = site.submit(job().cpus_per_task(4).minutes(10));
  site.controller.pass(1s);
  site.update(old, change({ChangedField::requeue}, job().no_requeue()));
  site.update(young, change({ChangedField::priority}, job().priority(5)));
  site.controller.run(first);
  CHECK(site.state_of(young) == JobState::starting);
  CHECK(site.state_of(old) == JobState::waiting);
}

TEST_CASE("the result is checked as a submission and refused whole") {
  scheduler::Settings settings;
  settings.workspaces =
      scheduler::Workspaces(std::vector<scheduler::Workspace>{{.name = "lab", .users = {"user7"}}});
  UpdateSite site(std::move(settings));
  site.block();
  const auto now = site.controller.now();
  const auto id = site.submit(job().minutes(60).tasks(2));
  CHECK_THAT(site.refusal(id, change({ChangedField::tasks, ChangedField::priority},
                                     job().tasks(5).priority(3)))
                 .text,
             Contains("5"));
  CHECK(site.refusal(id, change({ChangedField::priority}, job().priority(2000))).text ==
        "--priority is 2000; expected -1000 to 1000");
  CHECK_THAT(site.refusal(id, change({ChangedField::pool}, job().pool("x"))).text, Contains("'x'"));
  CHECK_THAT(site.refusal(id, change({ChangedField::class_name}, job().of_class("x"))).text,
             Contains("'x'"));
  const auto lab = change({ChangedField::workspace}, job().workspace("lab"));
  CHECK(site.refusal(id, lab).code == base::Code::denied);
  CHECK(site.refusal(id, lab, root).code == base::Code::denied);  // the rights are the job's user's
  CHECK_THAT(site.refusal(id, change({ChangedField::deadline}, job().deadline(now + 30min))).text,
             Contains("the most that can run is --time=00:30:00"));
  CHECK(site.refusal(id, change({ChangedField::dependency}, job().depends("afterok:99"))).text ==
        "--dependency=afterok:99: there is no job 99");
  site.update(id, change({ChangedField::deadline, ChangedField::time_limit},
                         job().deadline(now + 30min).minutes(30)));
}

TEST_CASE("a job may be changed by its user, root and the owner of the cluster") {
  scheduler::Settings settings;
  settings.owner_uid = 5;
  UpdateSite site(std::move(settings));
  site.block();
  const auto id = site.submit(job());
  CHECK(site.refusal(id, change({ChangedField::priority}, job().priority(1)), user(7)).code ==
        base::Code::denied);
  for (const auto& by : {user(), user(5), root}) {
    site.update(id, change({ChangedField::priority}, job().priority(static_cast<int>(by.uid))), by);
    CHECK(site.at(id).changed->by == by.name);
  }
  CHECK(site.refusal(JobId(99), change({ChangedField::priority}), root).code ==
        base::Code::not_found);
}

TEST_CASE("begin and deadline move a job between the indexes") {
  UpdateSite site;
  const auto now = site.controller.now();
  const auto id = site.submit(job().minutes(10).begin(now + 1h));
  CHECK(site.controller.engine().next_deadline() == now + 1h);
  site.update(id, change({ChangedField::begin, ChangedField::deadline},
                         job().begin(now + 2h).deadline(now + 3h)));
  CHECK(site.controller.engine().next_deadline() == now + 2h);
  site.update(id, change({ChangedField::begin}));
  CHECK(site.state_of(id) == JobState::starting);
  site.controller.run(id);
  site.block();
  const auto late = site.submit(job().minutes(10));
  site.update(late, change({ChangedField::deadline}, job().deadline(now + 20min)));
  site.controller.pass(10min);
  CHECK(site.state_of(late) == JobState::waiting);
  site.controller.pass(1s);
  CHECK(site.state_of(late) == JobState::cancelled);
}

TEST_CASE("a new dependency is waited for, and the old one no more") {
  UpdateSite site;
  const auto first = site.submit(job());
  const auto second = site.submit(job());
  const auto id = site.submit(job().depends("afterok:1"));
  site.update(id, change({ChangedField::dependency}, job().depends("afterok:2")));
  CHECK(site.controller.reason_of(id) == "waits for afterok:2 (job 2 is starting)");
  site.controller.run(first, 3);
  CHECK(site.state_of(id) == JobState::waiting);
  site.controller.run(second);
  CHECK(site.state_of(id) == JobState::starting);
}

TEST_CASE("a dependency on jobs that have ended is met, refused, or taken back") {
  scheduler::Settings settings;
  settings.jobs_kept = 0;
  UpdateSite site(std::move(settings));
  site.controller.run(site.submit(job()), 3);
  const auto blocker = site.submit(job());
  const auto id = site.submit(job().depends("afterok:2"));
  const model::PastJob past{
      .job = JobId(1), .ending = model::Ending::failed, .since = {}, .tasks = {}, .completed = {}};
  const auto ask = [&](std::string_view text) {
    return site.controller.ask(
        scheduler::UpdateJob{site.controller.next_request(),
                             user(),
                             id,
                             change({ChangedField::dependency}, job().depends(text)),
                             {past}});
  };
  CHECK(ask("afterok:1").error().text ==
        "--dependency=afterok:1 can never be met: afterok:1, but job 1 has failed");
  REQUIRE(ask("afternotok:1,afterany:2"));
  CHECK(site.state_of(id) == JobState::waiting);
  site.controller.run(blocker);
  CHECK(site.state_of(id) == JobState::starting);
  const auto free = site.submit(job().hold().depends("afterany:3"));
  site.update(free, change({ChangedField::dependency}));
  CHECK(site.state().dependants.empty());
}

TEST_CASE("no job can be made to wait for itself") {
  UpdateSite site;
  const auto first = site.submit(job().hold());
  site.submit(job().depends("afterok:1"));
  site.submit(job().depends("afterany:2?afterok:1"));
  CHECK(site.refusal(first, change({ChangedField::dependency}, job().depends("after:1"))).text ==
        "--dependency=after:1: job 1 would wait for itself: 1 waits for 1");
  CHECK(site.refusal(first, change({ChangedField::dependency}, job().depends("afterok:3"))).code ==
        base::Code::invalid);
  CHECK(site.refusal(first, change({ChangedField::dependency}, job().depends("afterok:2"))).text ==
        "--dependency=afterok:2: job 1 would wait for itself: 1 waits for 2, 2 for 1");
}

TEST_CASE("nor by the name of a singleton") {
  UpdateSite site;
  const auto first = site.submit(job().hold().name("a"));
  const auto second = site.submit(job().hold().name("b").depends("singleton"));
  site.update(first, change({ChangedField::dependency}, job().depends("afterok:2")));
  CHECK(site.refusal(first, change({ChangedField::name}, job().name("b"))).text ==
        "--job-name=b: job 1 would wait for itself: 1 waits for 2, 2 for 1");
  site.update(first, change({ChangedField::dependency}));
  site.update(first, change({ChangedField::name}, job().name("b")));
  CHECK(site.refusal(first, change({ChangedField::dependency}, job().depends("afterok:2"))).code ==
        base::Code::invalid);
  site.release(second);
  CHECK(site.controller.reason_of(second) == "waits for singleton (job 1 is waiting)");
}

TEST_CASE("a new name moves a job among the namesakes") {
  UpdateSite site;
  const auto first = site.submit(job().hold().name("a"));
  const auto second = site.submit(job().name("a").depends("singleton"));
  CHECK(site.state_of(second) == JobState::waiting);
  site.update(first, change({ChangedField::name}, job().name("c")));
  CHECK(site.state_of(second) == JobState::starting);
  const auto third = site.submit(job().hold().name("x").depends("singleton"));
  site.update(third, change({ChangedField::name}, job().name("c")));
  site.release(third);
  CHECK(site.controller.reason_of(third) == "waits for singleton (job 1 is waiting)");
  site.release(first);
  site.controller.run(first);
  CHECK(site.state_of(third) == JobState::starting);
}

TEST_CASE("a held job stays held, with what it asks for now") {
  UpdateSite site;
  const auto now = site.controller.now();
  const auto id = site.submit(job().hold());
  site.update(id,
              change({ChangedField::begin, ChangedField::tasks}, job().begin(now + 1h).tasks(2)));
  CHECK(site.controller.reason_of(id) == "held by user1000; release it with muster release");
  site.release(id);
  CHECK(site.controller.reason_of(id) == "starts not before " + to_text(now + 1h));
  site.controller.pass(1h);
  CHECK(site.state_of(id) == JobState::starting);
  CHECK(scheduler::active_attempt(site.at(id))->allocation.nodes.front().tasks == 2);
}

TEST_CASE("the limit of an array may change at any time, and ends no task") {
  UpdateSite site;
  const auto id = site.submit(job().array("0-9%3"));
  CHECK(site.at(id).tasks->open.size() == 3);
  site.update(id, change({ChangedField::array_limit}, job(), 1));
  CHECK(site.at(id).tasks->open.size() == 3);
  CHECK(site.controller.reason_of(id) ==
        "3 tasks of its array run, which is as many as may at a time");
  site.controller.run(model::task_job(id, site.at(id).spec->array->tasks, 0));
  CHECK(site.at(id).tasks->open.size() == 2);
  site.update(id, change({ChangedField::array_limit}));
  CHECK(site.at(id).tasks->open.size() == 4);
  CHECK_FALSE(site.at(id).spec->array->most_running);
  const auto single = site.submit(job());
  CHECK(site.refusal(single, change({ChangedField::array_limit}, job(), 2)).text ==
        "job " + to_text(single) + " is no array; it has no --array-limit");
}

TEST_CASE("of an array those tasks change that have not started") {
  UpdateSite site;
  const auto id = site.submit(job().array("0-3%1").minutes(60));
  const auto task = [&](int index) {
    return model::task_job(id, site.at(id).spec->array->tasks, index);
  };
  site.update(id, change({ChangedField::time_limit, ChangedField::tasks, ChangedField::name},
                         job().minutes(30).tasks(2).name("new")));
  CHECK(site.at(task(0)).spec->time_limit == base::Duration(60min));
  site.controller.run(task(0));
  CHECK(site.at(task(1)).spec->time_limit == base::Duration(30min));
  CHECK(site.at(task(1)).spec->name == "new");
  CHECK(site.at(task(1)).layout.tasks == 2);
  CHECK(site.at(task(1)).changed == site.at(id).changed);
  CHECK(site.refusal(id, change({ChangedField::dependency}, job().depends("singleton"))).text ==
        "a task of array 1 has started, so what it waited for is behind it; --dependency can not "
        "change any more");
  CHECK(site.refusal(task(1), change({ChangedField::array_limit}, job(), 2)).text ==
        "--array-limit is of the array; name that: 1");
  CHECK_THAT(site.refusal(task(3), change({ChangedField::priority}, job().priority(1))).text,
             Contains("until a task starts, name the array"));
}

TEST_CASE("an array all of whose tasks have started names those that can change") {
  UpdateSite site;
  const auto id = site.submit(job().array("4-5"));
  CHECK(site.refusal(id, change({ChangedField::time_limit}, job().minutes(5))).text ==
        "all tasks of array 1 have started; of one that runs --time can change: name it, such as "
        "1_4");
}

TEST_CASE("pairs of arrays that can no longer complete are cancelled with a new dependency") {
  UpdateSite site;
  const auto parents = site.submit(job().array("0-1"));
  const auto task = [&](int index) {
    return model::task_job(parents, site.at(parents).spec->array->tasks, index);
  };
  site.controller.run(task(0), 3);
  const auto id = site.submit(job().array("0-1").hold());
  site.update(id,
              change({ChangedField::dependency}, job().depends("aftercorr:" + to_text(parents))));
  CHECK(site.at(id).tasks->tally.ended.at(model::Ending::cancelled) == 1);
  site.release(id);
  CHECK(site.at(id).tasks->open.empty());
  site.controller.run(task(1));
  CHECK(site.at(id).tasks->open.size() == 1);
}

TEST_CASE("a job that is owed room keeps its request, or gives the room up first") {
  UpdateSite site;
  const auto victim = site.submit(job().tasks(4).minutes(600).of_class("low"));
  site.begin(victim);
  const auto id = site.submit(job().tasks(4).minutes(60).of_class("urgent"));
  REQUIRE(site.state().owed.contains(id));
  CHECK(site.refusal(id, change({ChangedField::tasks}, job().tasks(2))).text ==
        "other jobs are being ended to make room for job 2 as it is; to change it all the same, "
        "give that room up first: muster hold 2");
  site.update(id, change({ChangedField::comment, ChangedField::requeue}, job().no_requeue()));
  CHECK(site.state().owed.contains(id));
  site.hold(id);
  site.update(id, change({ChangedField::tasks}, job().tasks(2)));
  site.release(id);
  (void)site.end(victim, 143);
  CHECK(site.state_of(id) == JobState::starting);
}

TEST_CASE("a job that comes back keeps its pause, its dependency and its workspace") {
  UpdateSite site;
  const auto victim = site.submit(job().tasks(4).minutes(600).of_class("low"));
  site.begin(victim);
  const auto urgent = site.submit(job().tasks(4).minutes(60).of_class("urgent"));
  CHECK_THAT(site.refusal(victim, change({ChangedField::tasks}, job().tasks(1))).text,
             Contains("is being ended; if it starts again, change it while it waits"));
  (void)site.end(victim, 143);
  REQUIRE(site.state_of(victim) == JobState::waiting);
  CHECK(site.refusal(victim, change({ChangedField::workspace}, job().workspace("w"))).text ==
        "job 1 has run already, and that is charged; --workspace can not change any more");
  CHECK(site.refusal(victim, change({ChangedField::dependency}, job().depends("after:2"))).code ==
        base::Code::conflict);
  site.update(victim,
              change({ChangedField::tasks, ChangedField::time_limit}, job().tasks(1).minutes(5)));
  site.controller.run(urgent);
  CHECK(site.state_of(victim) == JobState::starting);
  CHECK(site.at(victim).attempts == 2);
  site.controller.run(victim);
  CHECK(site.state_of(victim) == JobState::completed);
}

TEST_CASE("a job that lost its node waits out the pause, whatever begin it is given") {
  UpdateSite site;
  const auto id = site.submit(job());
  site.begin(id);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  site.controller.pass(61s);
  site.controller.join(node("n1", 4));
  REQUIRE(site.state_of(id) == JobState::waiting);
  const auto pause = std::get<scheduler::Waiting>(site.at(id).phase).not_before;
  REQUIRE(pause.has_value());
  site.update(id, change({ChangedField::begin, ChangedField::priority}, job().priority(2)));
  CHECK(std::get<scheduler::Waiting>(site.at(id).phase).not_before == pause);
  site.update(id, change({ChangedField::begin}, job().begin(*pause + 1h)));
  CHECK(std::get<scheduler::Waiting>(site.at(id).phase).not_before == *pause + 1h);
}

TEST_CASE("the limit of a running job becomes shorter, and longer for root alone") {
  UpdateSite site;
  const auto id = site.submit(job().minutes(60));
  site.begin(id);
  const auto since = site.controller.now();
  site.controller.pass(10min);
  CHECK(site.refusal(id, change({ChangedField::time_limit}, job().minutes(90))).text ==
        "the time limit of job 1, 01:00:00, may become shorter; only root and the owner of the "
        "cluster can make that of a running job longer");
  CHECK(site.refusal(id, change({ChangedField::time_limit})).code == base::Code::denied);
  CHECK(site.refusal(id, change({ChangedField::time_limit}, job().minutes(10))).text ==
        "job 1 has run for 00:10:00, so it can not have a limit of 00:10:00; to end it: muster "
        "cancel 1");
  CHECK_THAT(
      site.refusal(id, change({ChangedField::time_limit, ChangedField::pool}, job().minutes(30)))
          .text,
      Contains("only --time and --grow-after can change, not --pool"));
  site.update(id, change({ChangedField::time_limit}, job().minutes(30)));
  CHECK(site.controller.engine().next_deadline() == since + 30min);
  site.update(id, change({ChangedField::time_limit}, job().minutes(90)), root);
  CHECK(site.controller.engine().next_deadline() == since + 90min);
  CHECK(site.at(id).changed->by == "root");
  site.controller.pass(79min);
  CHECK(site.state_of(id) == JobState::running);
  site.controller.pass(1min);
  CHECK(site.state_of(id) == JobState::ending);
  CHECK_THAT(site.refusal(id, change({ChangedField::time_limit}), root).text,
             Contains("is being ended"));
}

TEST_CASE("a limit is given to a running job without, and taken from one with") {
  UpdateSite site;
  const auto id = site.submit(job());
  site.begin(id);
  site.update(id, change({ChangedField::time_limit}, job().minutes(5)));
  CHECK(site.controller.engine().next_deadline() == site.controller.now() + 5min);
  site.update(id, change({ChangedField::time_limit}), root);
  CHECK_FALSE(site.controller.engine().next_deadline());
  CHECK(site.state().expected_ends.empty());
}

TEST_CASE("a waiting job sees the new end of a running one") {
  UpdateSite site;
  const auto running = site.submit(job().tasks(4).minutes(60));
  site.begin(running);
  const auto since = site.controller.now();
  const auto waiting = site.submit(job().tasks(4).minutes(10));
  const auto expected = [&] {
    return site.controller.engine().record_of(site.at(waiting)).expected_start;
  };
  CHECK(expected() == since + 60min);
  site.update(running, change({ChangedField::time_limit}, job().minutes(20)));
  CHECK(expected() == since + 20min);
}

TEST_CASE("the save signal follows the limit, and is sent again only before a later end") {
  UpdateSite site;
  const auto id = site.submit(job().minutes(60).saves(10min));
  site.begin(id);
  const auto n_warned = [&] {
    return std::ranges::count_if(site.controller.facts(), [](const auto& fact) {
      return std::holds_alternative<model::AttemptWarned>(fact.body);
    });
  };
  site.update(id, change({ChangedField::time_limit}, job().minutes(30)));
  site.controller.pass(19min);
  CHECK(n_warned() == 0);
  site.controller.pass(1min);
  CHECK(n_warned() == 1);
  site.update(id, change({ChangedField::time_limit}, job().minutes(28)));
  site.controller.pass(1min);
  CHECK(n_warned() == 1);
  site.update(id, change({ChangedField::time_limit}, job().minutes(60)), root);
  site.controller.pass(28min);
  CHECK(n_warned() == 1);
  site.controller.pass(1min);
  CHECK(n_warned() == 2);
}

TEST_CASE("a job that has its nodes and does not run yet ends by its new limit") {
  UpdateSite site;
  const auto id = site.submit(job().minutes(60));
  site.update(id, change({ChangedField::time_limit}, job().minutes(1)));
  site.begin(id);
  site.controller.pass(1min);
  CHECK(site.state_of(id) == JobState::ending);
}

// A launch that takes its time may begin so late that the deadline comes before the time limit.
TEST_CASE("a deadline that comes before the limit of a late start leaves no timer behind") {
  UpdateSite site;
  const auto id = site.submit(job().minutes(60).deadline(site.controller.now() + 61min));
  site.controller.pass(5min);
  site.begin(id);
  CHECK(site.state().time_limits.size() == 1);
  site.controller.pass(56min);
  CHECK(site.state_of(id) == JobState::ending);
  (void)site.end(id, 143);
  CHECK(site.state().time_limits.empty());
  site.controller.pass(1h);
}
