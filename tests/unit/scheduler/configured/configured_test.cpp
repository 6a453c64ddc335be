#include "scheduler/configured/configured.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

TEST_CASE("the configuration's words and numbers reach the policy") {
  auto config = conf::defaults();
  CHECK(configured::policy_options(config).order == policy::Order::predicted);
  config.scheduler.order = "wfp3";
  config.scheduler.reservations = 7;
  config.scheduler.backfill_order = "sjf";
  config.scheduler.fair_share = 3;
  config.scheduler.size_weight = 4;
  config.scheduler.fair_share_half_life = 5h;
  config.pools = {{.name = "big", .reservations = {}}, {.name = "strict", .reservations = 0}};
  const auto options = configured::policy_options(config);
  CHECK(options.order == policy::Order::wfp3);
  CHECK(options.depth == 7);
  CHECK(options.depth_by_pool == std::map<std::string, std::size_t>{{"strict", 0}});
  CHECK(options.backfill_order == policy::BackfillOrder::sjf);
  CHECK(options.weights.fair_share == 3);
  CHECK(options.weights.size == 4);
  CHECK(options.weights.half_life == 5h);
}

TEST_CASE("the core gets pools, classes, workspaces and bounds of the configuration") {
  auto config = conf::defaults();
  config.pools.push_back({.name = "big", .provider = "local", .memory_per_node = {}});
  config.classes = {{.name = "day",
                     .base = 3,
                     .preempts = {"day"},
                     .grace = 9s,
                     .max_preemptions = 2,
                     .users = {"ada"}}};
  config.workspaces = {{.name = "lab", .shares = 6, .users = {"ada"}}};
  config.pools.back().features = {"ib"};
  config.node_groups = {{.names = {"n1"}, .features = {"bigmem"}}};
  config.switches = {{.name = "top", .nodes = {}, .switches = {"leaf"}},
                     {.name = "leaf", .nodes = {"n1", "n2"}, .switches = {}}};
  config.licenses = {{.name = "solver", .count = 3}};
  config.limits.booked_nodes = 5;
  config.scheduler.default_class = "day";
  config.limits.jobs_kept = 11;
  config.limits.queued_jobs = 12;
  const auto settings = configured::settings(config, 1000);
  CHECK(settings.owner_uid == 1000);
  CHECK(settings.pools == std::vector<std::string>{"big"});
  REQUIRE(settings.classes.all().size() == 1);
  const auto& day = settings.classes.of("");
  CHECK(day.name == "day");
  CHECK(day.base == 3);
  CHECK(day.preempts == std::vector<std::string>{"day"});
  CHECK(day.grace == 9s);
  CHECK(day.max_preemptions == 2);
  CHECK(day.users == std::vector<std::string>{"ada"});
  CHECK(settings.workspaces.shares_of("lab") == 6);
  CHECK_FALSE(settings.workspaces.may_use({.uid = 1, .gid = 1, .name = "bob"}, "lab"));
  CHECK(settings.licenses == model::Licenses{{"solver", 3}});
  CHECK(settings.booked_nodes == 5);
  REQUIRE(settings.marks.size() == 3);
  CHECK(settings.marks[0].pool == "big");
  CHECK(settings.marks[0].features == std::vector<std::string>{"ib"});
  CHECK(settings.marks[1].names == std::vector<std::string>{"n1"});
  CHECK(settings.marks[1].features == std::vector<std::string>{"bigmem"});
  CHECK(settings.marks[2].names == std::vector<std::string>{"n1", "n2"});
  CHECK(settings.marks[2].switches == std::vector<std::string>{"top", "leaf"});
  CHECK(settings.jobs_kept == 11);
  CHECK(settings.queued_jobs == 12);
}

TEST_CASE("the core gets the limits of the configuration") {
  auto config = conf::defaults();
  config.quotas = {{.user = "ada",
                    .workspace = "lab",
                    .class_name = "low",
                    .pool = "big",
                    .cores = 1,
                    .gpus = 2,
                    .nodes = 3,
                    .running_jobs = 4,
                    .queued_jobs = 5,
                    .gpu_hours = 6,
                    .core_hours = 7,
                    .period = 48h,
                    .lend = true,
                    .borrow = false}};
  const auto settings = configured::settings(config, 0);
  REQUIRE(settings.quotas.size() == 1);
  const auto& quota = settings.quotas.front();
  CHECK(quota.user == "ada");
  CHECK(quota.workspace == "lab");
  CHECK(quota.class_name == "low");
  CHECK(quota.pool == "big");
  using enum model::QuotaResource;
  CHECK(quota.limits == std::map<model::QuotaResource, std::int64_t>{{cores, 1},
                                                                     {gpus, 2},
                                                                     {nodes, 3},
                                                                     {running_jobs, 4},
                                                                     {queued_jobs, 5},
                                                                     {gpu_hours, 6},
                                                                     {core_hours, 7}});
  CHECK(quota.period == 48h);
  CHECK(quota.lends);
  CHECK_FALSE(quota.borrows);
}

TEST_CASE("the core gets the programs of pools that have some") {
  auto config = conf::defaults();
  config.limits.max_prolog_failures = 4;
  config.pools = {{.name = "plain"}, {.name = "big", .epilog = "end", .epilog_timeout = 5s}};
  const auto settings = configured::settings(config, 0);
  REQUIRE(settings.site_programs.size() == 1);
  CHECK(settings.site_programs.at("big") ==
        model::SitePrograms{.prolog = "", .epilog = "end", .epilog_limit = 5s});
  CHECK(settings.max_prolog_failures == 4);
}

TEST_CASE("a configuration without classes has the built-in ones") {
  CHECK(configured::settings(conf::defaults(), 0).classes.all().size() ==
        scheduler::built_in_classes().size());
}
