// Limits by user, workspace, class and pool: what they keep from starting, why, and what they
// leave.

#include <algorithm>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::JobState;
using model::QuotaResource;

namespace {

scheduler::Quota for_user(std::string user, QuotaResource resource, std::int64_t limit) {
  return {.user = std::move(user), .limits = {{resource, limit}}};
}

/// Only urgent jobs make others make room by their class.
scheduler::Classes classes_with(std::uint32_t max_preemptions = 5) {
  auto classes = scheduler::built_in_classes();
  classes.front().max_preemptions = max_preemptions;
  classes[1].preempts.clear();
  return {classes, "normal"};
}

/// Nodes of four cores and two GPUs; a job that is stopped ends when the test says so.
class QuotaSite {
 public:
  explicit QuotaSite(std::vector<scheduler::Quota> quotas, int n_nodes = 2,
                     policy::Options options = {})
      : QuotaSite({.classes = classes_with(), .quotas = std::move(quotas)}, n_nodes, options) {}
  explicit QuotaSite(scheduler::Settings settings, int n_nodes = 2, policy::Options options = {})
      : controller(std::move(settings), policy::make(options)) {
    for (int i = 1; i <= n_nodes; ++i) controller.join(node("n" + std::to_string(i), 4, 2));
  }

  base::Result<model::JobId> ask(const JobBuilder& request, std::uint32_t uid = 1) {
    return controller.submit(*request, user(uid));
  }
  model::JobId submit(const JobBuilder& request, std::uint32_t uid = 1) {
    const auto id = ask(request, uid);
    INFO((id ? "" : id.error().text));
    REQUIRE(id.has_value());
    if (runs(*id)) tell_started(*id);
    return *id;
  }
  std::string refusal(const JobBuilder& request, std::uint32_t uid = 1) {
    const auto id = ask(request, uid);
    return id ? "" : id.error().text;
  }
  void tell_started(model::JobId id) {
    (void)controller.give(scheduler::NodeSaysStarted{node_of(id), key(id)});
  }
  void end(model::JobId id, int code = 0) {
    const auto report = code == 0 ? success(key(id)) : failure(key(id), model::Cause::signal, code);
    (void)controller.give(scheduler::NodeSaysEnded{node_of(id), report});
  }
  bool runs(model::JobId id) const { return scheduler::active_attempt(job_at(id)) != nullptr; }
  JobState state(model::JobId id) const { return controller.state_of(id); }
  const scheduler::Job& job_at(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  std::optional<model::Quota> limit(model::JobId id) const {
    const auto reason = controller.engine().reason_of(id);
    if (!reason) return std::nullopt;
    const auto* quota = std::get_if<model::Quota>(&*reason);
    return quota == nullptr ? std::nullopt : std::optional(*quota);
  }
  std::string reason(model::JobId id) const { return controller.reason_of(id); }
  model::NodeId node_of(model::JobId id) const {
    return scheduler::active_attempt(job_at(id))->batch.node;
  }
  model::LaunchKey key(model::JobId id) const { return {id, job_at(id).attempts, std::nullopt}; }
  model::Advice advice(const JobBuilder& request, std::uint32_t uid = 1) const {
    return *controller.engine().advise(user(uid), **request, controller.now());
  }
  std::set<model::JobId> ended_for_others() const {
    std::set<model::JobId> jobs;
    for (const auto& fact : controller.facts()) {
      if (const auto* found = std::get_if<model::AttemptPreempted>(&fact.body))
        jobs.insert(found->job);
    }
    return jobs;
  }

  Controller controller;
};

std::string text_of(const std::vector<model::QuotaUse>& uses) {
  std::string text;
  for (const auto& use : uses) {
    text += use.whose + " " + std::string(to_text(use.resource)) + " " + std::to_string(use.used) +
            "/" + std::to_string(use.limit);
    if (use.lent > 0) text += " lent " + std::to_string(use.lent);
    if (use.borrowed > 0) text += " borrowed " + std::to_string(use.borrowed);
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a job over its user's cores waits, says why, and is passed by others") {
  QuotaSite site({for_user("*", QuotaResource::cores, 4)});
  const auto first = site.submit(job().tasks(3).minutes(10));
  const auto second = site.submit(job().tasks(2).minutes(10));
  const auto small = site.submit(job().tasks(1).minutes(10));
  const auto of_other = site.submit(job().tasks(4).minutes(10), 2);
  CHECK(site.runs(first));
  CHECK_FALSE(site.runs(second));
  CHECK(site.runs(small));
  CHECK(site.runs(of_other));
  const auto limit = site.limit(second);
  REQUIRE(limit.has_value());
  CHECK(limit->whose == "user user1");
  CHECK(limit->resource == QuotaResource::cores);
  CHECK(limit->used == 4);
  CHECK(limit->asked == 2);
  CHECK(limit->limit == 4);
  CHECK(limit->holders == std::vector<model::JobId>{first, small});
  CHECK(limit->until == site.controller.now() + 10min);
  CHECK_THAT(site.reason(second),
             Contains("the quota of user user1 is 4 cores: 4 used, 2 asked for; in use by jobs "));
  CHECK_FALSE(site.controller.engine().record_of(site.job_at(second)).expected_start.has_value());
  site.end(first);
  CHECK(site.runs(second));
}

TEST_CASE("each resource that is held has its limit") {
  const auto refuses_second = [](QuotaResource resource, std::int64_t limit,
                                 const JobBuilder& request) {
    QuotaSite site({for_user("*", resource, limit)});
    const auto first = site.submit(request);
    const auto second = site.submit(request);
    CHECK(site.runs(first));
    CHECK_FALSE(site.runs(second));
    REQUIRE(site.limit(second).has_value());
    CHECK(site.limit(second)->resource == resource);
    site.end(first);
    CHECK(site.runs(second));
  };
  refuses_second(QuotaResource::cores, 3, job().tasks(2));
  refuses_second(QuotaResource::gpus, 3, job().gpus_per_node(2));
  refuses_second(QuotaResource::nodes, 1, job().nodes(1));
  refuses_second(QuotaResource::running_jobs, 1, job());
}

TEST_CASE("starts of one pass, the tasks of an array and several nodes count together") {
  QuotaSite site({for_user("*", QuotaResource::cores, 4), for_user("", QuotaResource::nodes, 3)},
                 4);
  const auto array = site.submit(job().array("0-9"), 1);
  const auto& state = site.controller.engine().state();
  CHECK(state.n_active == 3);
  CHECK(site.limit(array)->whose == "all users");
  CHECK(site.limit(array)->resource == QuotaResource::nodes);
  CHECK(site.limit(array)->used == 3);
}

TEST_CASE("a quota with a name takes the place of the one for each") {
  QuotaSite site(
      {for_user("*", QuotaResource::cores, 1), for_user("user2", QuotaResource::cores, 3)});
  CHECK_THAT(site.refusal(job().tasks(2), 1), Contains("the quota of user user1 is 1 core"));
  CHECK(site.runs(site.submit(job().tasks(3), 2)));
  CHECK_THAT(site.refusal(job().tasks(4), 2), Contains("the quota of user user2 is 3 cores"));
}

TEST_CASE("workspaces, classes and pools have limits, alone and together") {
  QuotaSite site({{.workspace = "*", .limits = {{QuotaResource::cores, 2}}},
                  {.class_name = "low", .limits = {{QuotaResource::running_jobs, 1}}},
                  {.user = "*", .pool = "small", .limits = {{QuotaResource::cores, 1}}}},
                 1);
  SECTION("users of a workspace share its limit") {
    (void)site.submit(job().tasks(2).workspace("ml"), 1);
    const auto other = site.submit(job().workspace("ml"), 2);
    CHECK(site.limit(other)->whose == "workspace ml");
    CHECK(site.runs(site.submit(job().workspace("bio"), 2)));
    const auto without = site.submit(job().tasks(1), 2);
    CHECK(site.runs(without));
  }
  SECTION("the default class is one of the classes") {
    CHECK(site.runs(site.submit(job().of_class("low"), 1)));
    const auto second = site.submit(job().of_class("low").workspace("a"), 2);
    CHECK(site.limit(second)->whose == "class low");
    CHECK(site.runs(site.submit(job().workspace("b"), 2)));
  }
}

TEST_CASE("what a pool's limit keeps out of it goes to another pool, or waits if it names it") {
  scheduler::Settings settings{
      .quotas = {{.user = "*", .pool = "big", .limits = {{QuotaResource::cores, 1}}}}};
  settings.pools = {"big", "small"};
  Controller controller(settings);
  controller.join(node("b1", 8, 0, "big"));
  controller.join(node("s1", 2, 0, "small"));
  const auto pool_of = [&controller](model::JobId id) {
    const auto& job = controller.engine().state().jobs.at(id);
    const auto node = scheduler::active_attempt(job)->batch.node;
    return controller.engine().state().nodes.at(node).info.pool;
  };
  const auto anywhere = *controller.submit(*job().tasks(2));
  CHECK(pool_of(anywhere) == "small");
  const auto in_big = *controller.submit(*job().pool("big"));
  CHECK(pool_of(in_big) == "big");
  const auto waits = *controller.submit(*job().pool("big"));
  CHECK_THAT(controller.reason_of(waits),
             Contains("the quota of user user1000 in pool big is 1 core"));
  const auto nowhere = *controller.submit(*job());
  CHECK_THAT(controller.reason_of(nowhere), Contains("in pool big is 1 core"));
  const auto refused = controller.submit(*job().tasks(2).pool("big"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(
      refused.error().text ==
      "the quota of user user1000 in pool big is 1 core, and the job asks for 2; the nearest that "
      "could run has --ntasks=1, or --pool=small");
}

TEST_CASE("a request that no quota ever allows is refused with the nearest that could run") {
  QuotaSite site({for_user("*", QuotaResource::cores, 3)});
  CHECK(
      site.refusal(job().tasks(8)) ==
      "the quota of user user1 is 3 cores, and the job asks for 8; the nearest that could run has "
      "--ntasks=3");
  CHECK(
      site.refusal(job().nodes(2).tasks_per_node(2)) ==
      "the quota of user user1 is 3 cores, and the job asks for 4; the nearest that could run has "
      "--nodes=1");
  CHECK(
      site.refusal(job().cpus_per_task(4)) ==
      "the quota of user user1 is 3 cores, and the job asks for 4; the nearest that could run has "
      "--cpus-per-task=3");
  QuotaSite closed({for_user("user1", QuotaResource::running_jobs, 0)});
  CHECK(closed.refusal(job()) ==
        "the quota of user user1 is 0 running jobs, and the job asks for 1; no smaller request of "
        "its kind could run");
  QuotaSite narrow({for_user("*", QuotaResource::gpus, 2)});
  CHECK_THAT(narrow.refusal(job().tasks(8).gpus_per_node(2)),
             Contains("is 2 GPUs, and the job asks for 4"));
}

TEST_CASE("waiting jobs have a limit of their own, and an array is one of them") {
  QuotaSite site({for_user("*", QuotaResource::queued_jobs, 2)});
  (void)site.submit(job().hold().array("0-99"));
  (void)site.submit(job().hold());
  const auto refused = site.ask(job());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == base::Code::exhausted);
  CHECK(refused.error().text ==
        "2 jobs wait already, and the quota of user user1 is 2 waiting jobs; submit it when some "
        "have started");
  CHECK(site.ask(job(), 2).has_value());
}

TEST_CASE("a limit is no reason to end anybody, nor to keep a place") {
  QuotaSite site({for_user("user1", QuotaResource::cores, 4)}, 1);
  const auto low = site.submit(job().tasks(4).minutes(60).of_class("low"), 2);
  SECTION("one that its quota lets start makes room") {
    const auto urgent = site.submit(job().tasks(4).minutes(5).of_class("urgent"), 1);
    CHECK(site.ended_for_others() == std::set{low});
    // What it is owed, the quota keeps for it.
    const auto other = site.submit(job().tasks(1).minutes(1), 1);
    site.end(low, 143);
    CHECK(site.runs(urgent));
    CHECK_FALSE(site.runs(other));
  }
  SECTION("one over its quota does not") {
    site.controller.join(node("n2", 4));
    (void)site.submit(job().tasks(2).minutes(60), 1);
    const auto urgent = site.submit(job().tasks(3).minutes(5).of_class("urgent"), 1);
    CHECK(site.ended_for_others().empty());
    CHECK(site.limit(urgent).has_value());
    CHECK(site.runs(site.submit(job().tasks(2).minutes(600), 3)));
  }
}

TEST_CASE(
    "what a reservation needs of a quota is not given to those who would still hold it then") {
  QuotaSite site({for_user("user1", QuotaResource::cores, 5)}, 2);
  (void)site.submit(job().tasks(4).minutes(60), 2);
  (void)site.submit(job().tasks(3).minutes(60), 3);
  const auto wide = site.submit(job().tasks(4).cpus_per_task(1).nodes(1).minutes(60), 1);
  CHECK_FALSE(site.runs(wide));
  SECTION("one that is over by then goes ahead") {
    CHECK(site.runs(site.submit(job().minutes(30), 1)));
  }
  SECTION("one that fits beside it goes ahead too") {
    CHECK(site.runs(site.submit(job().minutes(600), 1)));
  }
}

TEST_CASE("hours of the period are a budget: while some are left jobs start, and it moves on") {
  QuotaSite site({{.user = "*",
                   .limits = {{QuotaResource::core_hours, 8}, {QuotaResource::gpu_hours, 2}},
                   .period = 48h}});
  const auto start = site.controller.now();
  const auto first = site.submit(job().tasks(4));
  site.controller.pass(1h);
  CHECK(site.runs(site.submit(job())));
  site.controller.pass(1h);
  const auto third = site.submit(job());
  REQUIRE(site.limit(third).has_value());
  CHECK(site.limit(third)->resource == QuotaResource::core_hours);
  CHECK(site.limit(third)->used == 9);
  CHECK_FALSE(site.limit(third)->until.has_value());
  CHECK(site.runs(first));
  site.end(first);
  for (const auto& [id, each] : site.controller.engine().state().jobs) {
    if (site.runs(id)) site.end(id);
  }
  CHECK_FALSE(site.runs(third));
  const auto until = site.limit(third)->until;
  REQUIRE(until.has_value());
  CHECK(*until > start);
  site.controller.pass(*until - site.controller.now() - 1s);
  CHECK_FALSE(site.runs(third));
  site.controller.pass(1s);
  CHECK(site.runs(third));
}

TEST_CASE("GPU-hours stand before jobs with GPUs only") {
  QuotaSite site({{.user = "*", .limits = {{QuotaResource::gpu_hours, 2}}, .period = 24h}});
  const auto first = site.submit(job().gpus_per_node(2));
  site.controller.pass(1h);
  const auto with = site.submit(job().gpus_per_node(1));
  CHECK(site.limit(with)->resource == QuotaResource::gpu_hours);
  CHECK(site.runs(site.submit(job())));
  CHECK(site.runs(site.submit(job().gpus_per_node(1), 2)));
  CHECK(site.runs(first));
}

TEST_CASE("advice is within the quota, and names it") {
  QuotaSite site({for_user("*", QuotaResource::cores, 4)});
  const auto running = site.submit(job().tasks(3).minutes(10));
  const auto advice = site.advice(job().tasks(2).minutes(5));
  CHECK_FALSE(advice.starts_now);
  REQUIRE(advice.quota.has_value());
  CHECK(advice.quota->holders == std::vector{running});
  CHECK(advice.start == site.controller.now() + 10min);
  CHECK(advice.changes == std::vector<model::Change>{{"--ntasks", "1"}});
  CHECK(site.advice(job().tasks(1)).starts_now);
  const auto refused =
      site.controller.engine().advise(user(1), **job().tasks(5), site.controller.now());
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().text, Contains("--ntasks=4"));
}

namespace {

/// Workspace "owner" lends six cores, "guest" has two and borrows.
std::vector<scheduler::Quota> loan() {
  return {{.workspace = "owner", .limits = {{QuotaResource::cores, 6}}, .lends = true},
          {.workspace = "guest", .limits = {{QuotaResource::cores, 2}}, .borrows = true}};
}

JobBuilder guest(int tasks) {
  return job().tasks(tasks).minutes(600).workspace("guest").of_class("low");
}

JobBuilder owner(int tasks) {
  return job().tasks(tasks).minutes(60).workspace("owner");
}

}  // namespace

TEST_CASE("unused cores are lent to jobs that can be ended again, and to no others") {
  QuotaSite site(loan(), 3);
  CHECK(site.runs(site.submit(guest(4))));
  CHECK(site.runs(site.submit(guest(3))));
  const auto of_normal_class = site.submit(guest(1).of_class("normal"));
  CHECK(site.limit(of_normal_class)->whose == "workspace guest");
  CHECK(site.runs(site.submit(guest(1))));
  CHECK_THAT(site.refusal(guest(9)), Contains("the quota of workspace guest is 2 cores"));
  CHECK_THAT(site.refusal(guest(3).of_class("normal")), Contains("--ntasks=2"));
  CHECK(text_of(site.controller.engine().quotas(user(0), site.controller.now())) ==
        "workspace owner cores 0/6 lent 6\nworkspace guest cores 8/2 borrowed 6\n");
}

TEST_CASE("an owner gets back what was borrowed, just enough of it, and starts exactly then") {
  QuotaSite site(loan());
  std::vector<model::JobId> guests;
  for (int i = 0; i < 8; ++i) {
    guests.push_back(site.submit(guest(1)));
    site.controller.pass(10min);
  }
  const auto own = site.submit(owner(3));
  CHECK(site.reason(own).find("being ended to make room") != std::string::npos);
  CHECK(site.ended_for_others() == std::set{guests[5], guests[6], guests[7]});
  // Nobody gets hold of what is coming back.
  const auto late = site.submit(guest(1).minutes(1));
  site.end(guests[7], 143);
  site.end(guests[6], 143);
  CHECK_FALSE(site.runs(own));
  CHECK_FALSE(site.runs(late));
  site.end(guests[5], 143);
  CHECK(site.runs(own));
  CHECK_FALSE(site.runs(late));
  CHECK(site.ended_for_others().size() == 3);
}

TEST_CASE("an owner beyond its own quota takes nothing back") {
  QuotaSite site(loan());
  (void)site.submit(owner(4));
  const auto guest_job = site.submit(guest(4));
  const auto beyond = site.submit(owner(3));
  CHECK(site.runs(guest_job));
  CHECK(site.limit(beyond)->whose == "workspace owner");
  CHECK(site.ended_for_others().empty());
}

TEST_CASE("nodes that are not there are taken back only from what was borrowed") {
  // Of ten cores by quota there are eight: the guest has four of its own.
  auto quotas = loan();
  quotas[1].limits[QuotaResource::cores] = 4;
  QuotaSite site(quotas);
  const auto first = site.submit(guest(4));
  site.controller.pass(1min);
  const auto second = site.submit(guest(4));
  const auto own = site.submit(owner(4));
  CHECK(site.ended_for_others() == std::set{second});
  site.end(second, 143);
  CHECK(site.runs(own));
  const auto more = site.submit(owner(2));
  CHECK_FALSE(site.runs(more));
  CHECK(site.runs(first));
  CHECK(site.ended_for_others().size() == 1);
}

TEST_CASE(
    "a job that made room as often as its class says does not borrow; others of its kind do") {
  QuotaSite site({.classes = classes_with(1), .quotas = loan()});
  const auto first = site.submit(guest(2));
  site.controller.pass(1min);
  const auto second = site.submit(guest(2));
  const auto own = site.submit(owner(6));
  REQUIRE(site.ended_for_others() == std::set{second});
  site.end(second, 143);
  site.end(own);
  CHECK_FALSE(site.runs(second));
  CHECK(site.limit(second)->used == 2);
  const auto third = site.submit(guest(2));
  CHECK(site.runs(third));
  site.end(first);
  CHECK_FALSE(site.runs(second));
  site.end(third);
  CHECK(site.runs(second));
}

TEST_CASE("a job that its own limit can never hold goes on borrowing, and gives back each time") {
  QuotaSite site({.classes = classes_with(1), .quotas = loan()});
  const auto first = site.submit(guest(3));
  for (int i = 0; i < 3; ++i) {
    const auto own = site.submit(owner(6));
    CHECK(site.state(first) == JobState::ending);
    site.end(first, 143);
    CHECK(site.runs(own));
    CHECK_FALSE(site.runs(first));
    site.end(own);
    REQUIRE(site.runs(first));
    site.tell_started(first);
  }
  CHECK(scheduler::n_ended_by(site.job_at(first), model::Cause::preempted) == 3);
}

TEST_CASE("everybody sees the limits of their own jobs, the owner all that are in use") {
  QuotaSite site({for_user("*", QuotaResource::cores, 4),
                  for_user("user2", QuotaResource::queued_jobs, 9),
                  {.workspace = "ml", .limits = {{QuotaResource::core_hours, 9}}, .period = 24h}});
  (void)site.submit(job().tasks(2), 1);
  (void)site.submit(job().workspace("ml"), 3);
  site.controller.pass(3h);
  const auto seen = [&site](std::uint32_t uid) {
    return text_of(site.controller.engine().quotas(user(uid), site.controller.now()));
  };
  CHECK(seen(1) == "user user1 cores 2/4\nworkspace ml core_hours 3/9\n");
  CHECK(seen(2) == "user user2 queued_jobs 0/9\nworkspace ml core_hours 3/9\n");
  CHECK(seen(0) ==
        "user user0 cores 0/4\nuser user1 cores 2/4\nuser user3 cores 1/4\nuser user2 queued_jobs "
        "0/9\nworkspace ml "
        "core_hours 3/9\n");
}
