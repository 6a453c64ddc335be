#include "scheduler/configured/configured.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

TEST_CASE("the configuration's words and numbers reach the policy") {
  auto config = conf::defaults().scheduler;
  CHECK(configured::policy_options(config).order == policy::Order::predicted);
  config.order = "wfp3";
  config.reservations = 7;
  config.backfill_order = "sjf";
  config.fair_share = 3;
  config.size_weight = 4;
  config.fair_share_half_life = 5h;
  const auto options = configured::policy_options(config);
  CHECK(options.order == policy::Order::wfp3);
  CHECK(options.depth == 7);
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

TEST_CASE("a configuration without classes has the built-in ones") {
  CHECK(configured::settings(conf::defaults(), 0).classes.all().size() ==
        scheduler::built_in_classes().size());
}
