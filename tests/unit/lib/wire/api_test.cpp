// The JSON of the API: round trips, and what a wrong request is told.

#include "lib/wire/api.h"

#include "lib/wire/event.h"
#include "lib/wire/utf8.h"
#include "tests/support/catch.h"
#include "tests/support/random_messages.h"

namespace {

using Catch::Matchers::Contains;

constexpr std::uint64_t n_replies = 300;

std::string error_of_spec(std::string_view json) {
  const auto spec = wire::job_spec_from_json(json);
  REQUIRE_FALSE(spec.has_value());
  CHECK(spec.error().code == base::Code::invalid);
  return spec.error().text;
}

}  // namespace

TEST_CASE("requests come back as they went out, with any bytes in script and environment") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    support::RandomModel plain(seed, true);
    support::RandomModel wild(seed);
    auto spec = plain.job_spec();
    spec.script = wild.text(100);
    spec.environment = wild.environment();
    spec.arguments = wild.several(4, [&] { return wild.text(); });
    const auto json = wire::to_json(spec);
    REQUIRE(json.has_value());
    const auto back = wire::job_spec_from_json(*json);
    INFO("seed " << seed << " " << *json << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == spec);

    wire::StepRequest step{plain.number(), plain.step_spec()};
    step.spec.environment = spec.environment;
    const auto step_back = wire::step_request_from_json(*wire::to_json(step));
    REQUIRE(step_back.has_value());
    REQUIRE(*step_back == step);
  }
}

TEST_CASE("changes come back as they went out") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    const auto change = support::RandomModel(seed, true).job_change();
    const auto json = wire::to_json(change);
    REQUIRE(json.has_value());
    const auto back = wire::job_change_from_json(*json);
    INFO("seed " << seed << " " << *json << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == change);
  }
}

TEST_CASE("a change says what it changes, all of it and nothing else") {
  const auto error_of = [](std::string_view json) {
    const auto change = wire::job_change_from_json(json);
    REQUIRE_FALSE(change.has_value());
    CHECK(change.error().code == base::Code::invalid);
    return change.error().text;
  };
  CHECK_THAT(error_of("{}"), Contains("fields is empty; name what is to change"));
  CHECK_THAT(error_of(R"({"fields":["tim_limit"]})"), Contains("'tim_limit'"));
  CHECK_THAT(error_of(R"({"fields":["pool"],"spec":{"priority":1}})"),
             Contains("more than `fields` names"));
  CHECK_THAT(error_of(R"({"fields":["pool"],"array_limit":1})"),
             Contains("more than `fields` names"));
  CHECK_THAT(error_of(R"({"fields":["array_limit"],"array_limit":0})"), Contains("array_limit"));
  CHECK_THAT(error_of(R"({"fields":["pool"],"spec":{"script":"x"}})"),
             Contains("more than `fields` names"));
  const auto both = wire::job_change_from_json(
      R"({"fields":["time_limit","deadline"],"spec":{"time_limit":"60s"}})");
  REQUIRE(both.has_value());
  CHECK(both->spec.time_limit == base::Duration(60'000'000));
  CHECK(both->fields.contains(model::ChangedField::deadline));
}

TEST_CASE("records come back as they went out") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    support::RandomModel make(seed, true);
    const auto record = make.job_record();
    const auto json = wire::to_json(record);
    const auto back = wire::job_record_from_json(json);
    INFO("seed " << seed << " " << json << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == record);

    const std::vector<model::NodeRecord> nodes =
        make.several(3, [&] { return make.node_record(); });
    const auto nodes_back = wire::nodes_from_json(wire::to_json(nodes));
    REQUIRE(nodes_back.has_value());
    REQUIRE(*nodes_back == nodes);
  }
}

TEST_CASE("a page is made of records that are JSON already") {
  support::RandomModel make(3, true);
  const auto first = make.job_record();
  const auto second = make.job_record();
  const std::vector<std::string> records{wire::to_json(first), wire::to_json(second)};
  const auto page = wire::job_page_from_json(wire::job_page_json(records, second.job));
  REQUIRE(page.has_value());
  CHECK(page->jobs == std::vector<model::JobRecord>{first, second});
  CHECK(page->next == second.job);
  CHECK(wire::job_page_json({}, std::nullopt) == "{\"jobs\":[]}");
}

TEST_CASE("small replies come back as they went out") {
  const wire::SubmitReply submitted{model::JobId(17), {}};
  CHECK(wire::to_json(submitted) == R"({"job":17,"notes":[]})");
  CHECK(wire::submit_reply_from_json("{\"job\":17}") == submitted);
  const wire::SubmitReply noted{model::JobId(17), {"there is no pool 'gpu'"}};
  CHECK(wire::submit_reply_from_json(wire::to_json(noted)) == noted);
  const wire::StepReply step{model::StepId(0), "unix:/run/17.1.0.sock", "ab12", 2,
                             model::JobId(17)};
  CHECK(wire::step_reply_from_json(wire::to_json(step)) == step);
  const wire::StepReply far{model::StepId(0), "",
                            "ab12",           2,
                            model::JobId(17), {"tls:10.0.0.1:12000", "tls:10.0.0.1:12001"}};
  CHECK(wire::step_reply_from_json(wire::to_json(far)) == far);
  const wire::StepReply nowhere{model::StepId(0), "", "ab12", 2, model::JobId(17), {}};
  CHECK_FALSE(wire::step_reply_from_json(wire::to_json(nowhere)).has_value());
  const wire::Version version{"muster", "0.1.0", "local", 123, 1};
  CHECK(wire::version_from_json(wire::to_json(version)) == version);
  const wire::Status status{
      2,
      1,
      4,
      1,
      false,
      "disk full",
      {"/etc/muster.toml", base::time_from_us(1'000'001), "line 3: no such key"}};
  CHECK(wire::status_from_json(wire::to_json(status)) == status);
  const base::Error error{base::Code::conflict, "job 17 has ended"};
  CHECK(wire::error_json(error) == R"({"error":{"code":"conflict","text":"job 17 has ended"}})");
  CHECK(wire::error_from_json(wire::error_json(error)) == error);
  CHECK_FALSE(wire::error_from_json("<html>").has_value());
}

TEST_CASE("priorities come back as they went out") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    support::RandomModel make(seed, true);
    const auto real = [&] {
      return static_cast<double>(make.random().next()) / (1 + make.upto(9));
    };
    const std::vector<model::PriorityTerms> priorities = make.several(3, [&] {
      return model::PriorityTerms{
          make.job(),       make.number(),    make.text(),     make.text(),     make.text(),
          make.upto(9) - 5, make.upto(9) - 5, make.duration(), make.duration(), make.coin(),
          real(),           real(),           real(),          real(),          -real()};
    });
    const auto json = wire::to_json(priorities);
    const auto back = wire::priorities_from_json(json);
    INFO("seed " << seed << " " << json << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == priorities);
  }
}

TEST_CASE("pools and their changes come back as they went out") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    support::RandomModel make(seed, true);
    const std::vector<model::PoolRecord> pools = make.several(3, [&] {
      return model::PoolRecord{.pool = "p" + make.text(),
                               .least = make.upto(9),
                               .most = make.upto(9),
                               .idle_timeout = make.duration(),
                               .is_ordered = make.coin(),
                               .tier = make.tier(),
                               .wanted = make.upto(9),
                               .idle = make.upto(9),
                               .busy = make.upto(9),
                               .starting = make.upto(9),
                               .leaving = make.upto(9),
                               .unusable = make.upto(9),
                               .trouble = make.text(),
                               .retry_at = make.maybe([&] { return make.time(); }),
                               .is_stopped = make.coin(),
                               .decisions = make.several(2, [&] {
                                 return model::PoolDecision{make.time(), make.text(), make.text(),
                                                            make.text()};
                               })};
    });
    const auto back = wire::pools_from_json(wire::to_json(pools));
    INFO("seed " << seed << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == pools);
    const auto order = support::random_order(make);
    const model::PoolChange change{.pool = "p",
                                   .nodes = make.maybe([&] { return make.upto(9); }),
                                   .least = order.least,
                                   .most = order.most,
                                   .idle_timeout = order.idle_timeout,
                                   .when_busy = order.when_busy,
                                   .is_auto = make.coin(),
                                   .resume = make.coin()};
    const auto changed = wire::pool_change_from_json(wire::to_json(change));
    REQUIRE(changed.has_value());
    REQUIRE(*changed == change);
  }
}

TEST_CASE("quotas come back as they went out") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    support::RandomModel make(seed, true);
    const std::vector<model::QuotaUse> quotas = make.several(3, [&] {
      const auto last = static_cast<int>(model::QuotaResource::core_hours);
      const auto resource = static_cast<model::QuotaResource>(make.upto(last));
      return model::QuotaUse{make.text(),   resource,      make.upto(99),  make.upto(99),
                             make.upto(99), make.upto(99), make.duration()};
    });
    const auto json = wire::to_json(quotas);
    const auto back = wire::quotas_from_json(json);
    INFO("seed " << seed << " " << json << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == quotas);
  }
}

TEST_CASE("advice comes back with the quota that stands before a start") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    support::RandomModel make(seed, true);
    model::Advice advice;
    advice.quota = make.quota();
    const auto back = wire::advice_from_json(wire::to_json(advice));
    INFO("seed " << seed << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == advice);
  }
}

TEST_CASE("what a request leaves out has its default") {
  const auto spec = wire::job_spec_from_json(R"({"script":"#!/bin/sh\ntrue\n"})");
  REQUIRE(spec.has_value());
  CHECK(spec->shape == model::Shape{});
  CHECK_FALSE(spec->time_limit.has_value());
  CHECK(wire::job_spec_from_json(R"({"time_limit":"90.5s"})")->time_limit ==
        base::Duration(90'500'000));
}

TEST_CASE("an unknown field is named with the nearest known one") {
  const auto text = error_of_spec(R"({"shape":{"nodez":2}})");
  CHECK_THAT(text, Contains("nodez"));
  CHECK_THAT(text, Contains("the nearest known one is 'nodes'"));
  CHECK_THAT(error_of_spec(R"({"scirpt":""})"), Contains("'script'"));
}

TEST_CASE("a wrong request is told where") {
  CHECK_THAT(error_of_spec(R"({"shape":{"nodes":-1}})"), Contains("nodes"));
  CHECK_THAT(error_of_spec(R"({"shape":{"tasks":4000000000}})"), Contains("shape.tasks"));
  CHECK_THAT(error_of_spec(R"({"priority":1001})"), Contains("priority is 1001"));
  CHECK_THAT(error_of_spec(R"({"time_limit":"soon"})"), Contains("time_limit"));
  CHECK_THAT(error_of_spec(R"({"time_limit":"-5s"})"), Contains("time_limit"));
  CHECK_THAT(error_of_spec(R"({"environment":{"A=B":"1"}})"), Contains("environment"));
  CHECK_THAT(error_of_spec(R"({"environment":{"A":"1\u0000"}})"), Contains("NUL"));
  CHECK_THAT(error_of_spec(R"({"arguments":["a\u0000b"]})"), Contains("NUL"));
  CHECK_THAT(error_of_spec(R"({"script":"a","script_base64":"YQ=="})"), Contains("base64"));
  CHECK_THAT(error_of_spec("{\"script\":"), Contains("job: "));
  CHECK_THAT(error_of_spec("{\"name\":\"\xff\"}"), Contains("byte 9 is no UTF-8"));
  CHECK_FALSE(wire::job_spec_from_json(std::string(200'000, '[')).has_value());
  CHECK_FALSE(wire::step_request_from_json(R"({"attempt":1})").has_value());
  CHECK_FALSE(wire::step_request_from_json(R"({"spec":{}})").has_value());
}

TEST_CASE("a path that is no UTF-8 is refused before it is sent") {
  model::JobSpec spec;
  spec.work_dir = "/data/\xff";
  const auto json = wire::to_json(spec);
  REQUIRE_FALSE(json.has_value());
  CHECK_THAT(json.error().text, Contains("working directory"));
}

TEST_CASE("bytes that are no UTF-8 are shown, not sent") {
  model::JobRecord record{.job = model::JobId(1), .user = {}};
  record.name = "a\xff\xc3(\xe2\x82z\"\n\x01\x7f";
  const auto json = wire::to_json(record);
  CHECK(wire::is_utf8(json));
  const auto back = wire::job_record_from_json(json);
  REQUIRE(back.has_value());
  CHECK(back->name == "a\ufffd\ufffd(\ufffd\ufffdz\"\n\x01\x7f");
}

TEST_CASE("a record says where the job is and why in a sentence") {
  model::JobRecord record{.job = model::JobId(1), .user = {}};
  record.reason = model::Held{"ada"};
  CHECK_THAT(wire::to_json(record), Contains("\"summary\":\"held by ada"));
  record.state = model::JobState::running;
  record.attempt = 2;
  record.allocation.nodes = {{.node = model::NodeId(1), .name = "n1"},
                             {.node = model::NodeId(2), .name = "n2"}};
  CHECK(wire::summary_of(record) == "running on n[1-2], attempt 2");
  CHECK_THAT(wire::to_json(record), Contains("\"nodes\":\"n[1-2]\""));
  record.state = model::JobState::completed;
  record.started_at = base::time_from_us(0);
  record.ended_at = base::time_from_us(90'000'000);
  CHECK(wire::summary_of(record) == "completed after 1m30s");
  record.state = model::JobState::failed;
  record.outcome = model::Outcome{model::Ending::failed, 3, model::Failure{.code = 3}};
  CHECK(wire::summary_of(record) == "the script exited with code 3");
}

TEST_CASE("times and durations are as RFC 3339 and proto3 JSON have them") {
  model::JobRecord record{.job = model::JobId(1), .user = {}};
  record.submitted_at = base::time_from_us(1'000'001);
  record.time_limit = base::Duration(90'000'000);
  CHECK_THAT(wire::to_json(record), Contains("\"submitted_at\":\"1970-01-01T00:00:01.000001Z\""));
  CHECK_THAT(wire::to_json(record), Contains("\"time_limit\":\"90s\""));
}

TEST_CASE("events have no script, no environment and no secrets") {
  auto spec = std::make_shared<model::JobSpec>();
  spec->script = "#!/bin/sh\necho TOP-SECRET\n";
  spec->environment = {{"PASSWORD", "TOP-SECRET"}};
  spec->arguments = {"--key=TOP-SECRET"};
  auto step = std::make_shared<model::StepSpec>();
  step->environment = spec->environment;
  step->arguments = {"train", "--key=TOP-SECRET"};
  const model::User user{1000, 1000, "ada"};
  const auto at = base::time_from_us(1'763'640'000'000'000);
  const auto submitted =
      wire::fact_to_json(12, {at, model::JobSubmitted{model::JobId(17), user, spec}});
  CHECK(submitted.starts_with(R"({"seq":"12","at":"2025-11-20T12:00:00.000Z",)"
                              R"("kind":"job_submitted","job":17,)"));
  CHECK(submitted.find("SECRET") == std::string::npos);
  const model::LaunchKey key{model::JobId(17), 1, model::StepId(0)};
  const auto started = wire::fact_to_json(13, {at, model::StepStarted{key, step, {2, 2}}});
  CHECK(started.find("SECRET") == std::string::npos);
  CHECK_THAT(started, Contains(R"("command":"train","tasks":[2,2])"));
}

TEST_CASE("every fact has an event with its kind") {
  for (std::uint64_t seed = 0; seed < n_replies; ++seed) {
    const auto fact = support::RandomModel(seed).fact();
    const auto json = wire::fact_to_json(seed, fact);
    CHECK_THAT(json, Contains("\"kind\":\"" + std::string(model::kind_of(fact.body)) + "\""));
    CHECK(wire::is_utf8(json));
    CHECK(json.find('\n') == std::string::npos);
  }
}

TEST_CASE("what launches use comes back from its lines") {
  support::RandomModel random(7, true);
  std::string lines;
  std::vector<model::LaunchUsage> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back({random.key(), "n1", 2, 1, random.bytes(), random_series(random)});
    lines += wire::to_json(all.back()) + "\n";
  }
  const auto back = wire::usage_lines_from_json(lines);
  REQUIRE(back.has_value());
  CHECK(*back == all);
  CHECK(wire::usage_lines_from_json("")->empty());
  CHECK_FALSE(wire::usage_lines_from_json(lines + "{\"nodes\":1}\n").has_value());
}
