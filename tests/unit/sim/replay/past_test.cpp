#include "sim/replay/past.h"

#include "lib/model/record.h"
#include "lib/store/memory_journal.h"
#include "lib/wire/api.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

constexpr auto monday = base::time_from_us(1'700'000'000'000'000);
constexpr replay::Machine two_nodes{.nodes = 2, .cores_per_node = 4, .gpus_per_node = 1};

model::JobRecord ended(std::uint32_t id, base::Duration submitted) {
  model::JobRecord record{.job = model::JobId(id)};
  record.user = {.uid = 7, .gid = 8, .name = "ada"};
  record.name = "solve";
  record.class_name = "low";
  record.workspace = "lab";
  record.priority = 5;
  record.layout.tasks = 2;
  record.layout.cpus_per_task = 2;
  record.time_limit = 10min;
  record.submitted_at = monday + submitted;
  record.attempt = 1;
  record.state = model::JobState::completed;
  record.outcome = model::Outcome{.ending = model::Ending::completed};
  record.started_at = monday + submitted + 5s;
  record.ended_at = *record.started_at + 60s;
  record.allocation.nodes.push_back({.node = model::NodeId(1), .name = "n1", .tasks = 2});
  record.allocation.nodes.back().cores = model::CoreSet::range(0, 4);
  return record;
}

void keep(store::MemoryJournal& journal, const model::JobRecord& record) {
  const store::Record fact{.at = monday, .kind = "x", .version = 1, .body = {}};
  const store::HistoryRow row{.job = record.job,
                              .user = record.user.name,
                              .name = record.name,
                              .state = std::string(to_text(record.state)),
                              .submitted_at = record.submitted_at,
                              .started_at = record.started_at,
                              .ended_at = record.ended_at.value_or(record.submitted_at),
                              .exit_code = 0,
                              .record = wire::to_json(record)};
  REQUIRE(journal.append(std::vector{fact}, std::vector{row}));
}

}  // namespace

TEST_CASE("ended jobs of a cluster are a log") {
  store::MemoryJournal journal;
  keep(journal, ended(3, 0s));
  auto open = ended(4, 30s);
  open.time_limit.reset();
  keep(journal, open);
  const auto log = replay::read_history(journal, {}, two_nodes);
  REQUIRE(log.has_value());
  REQUIRE(log->workload.jobs.size() == 2);
  const auto& job = log->workload.jobs[0];
  CHECK(job.id == 3);
  CHECK(job.submit == 0s);
  CHECK(job.run == 60s);
  CHECK(job.requested == 10min);
  CHECK(job.cores == 4);
  CHECK(job.user == 7);
  CHECK(job.group == 8);
  CHECK(job.name == "solve");
  CHECK(job.layout == ended(3, 0s).layout);
  CHECK(job.class_name == "low");
  CHECK(job.workspace == "lab");
  CHECK(job.priority == 5);
  CHECK(log->workload.jobs[1].submit == 30s);
  CHECK(log->workload.jobs[1].requested == replay::unlimited);
  CHECK(log->rows[1] == "4 30 -1 60 4 -1 -1 4 -1 -1 1 7 8 -1 -1 -1 -1 -1");
  CHECK(dropped_text(*log).empty());
}

TEST_CASE("jobs that cannot be replayed are counted") {
  store::MemoryJournal journal;
  keep(journal, ended(1, 0s));
  auto cancelled = ended(2, 1s);
  cancelled.started_at.reset();
  cancelled.allocation.nodes.clear();
  keep(journal, cancelled);
  auto endless = ended(3, 2s);
  endless.ended_at.reset();
  keep(journal, endless);
  auto wide = ended(4, 3s);
  wide.layout.gpus_per_node = 2;
  keep(journal, wide);
  const auto log = replay::read_history(journal, {}, two_nodes);
  REQUIRE(log.has_value());
  CHECK(log->workload.jobs.size() == 1);
  CHECK(dropped_text(*log) ==
        "dropped 3 of 4 jobs: 1 larger than the machine, 1 that never started, 1 that has not "
        "ended");
}

TEST_CASE("all of a long history is read") {
  store::MemoryJournal journal;
  for (std::uint32_t id = 1; id <= 2001; ++id) keep(journal, ended(id, 1s * id));
  const auto log = replay::read_history(journal, {}, two_nodes);
  REQUIRE(log.has_value());
  CHECK(log->workload.jobs.size() == 2001);
}

TEST_CASE("an empty history has no job, and a damaged record names its job") {
  store::MemoryJournal journal;
  CHECK(replay::read_history(journal, {}, two_nodes).error().text == "has no job");
  const store::HistoryRow row{.job = model::JobId(9),
                              .user = {},
                              .name = {},
                              .state = "completed",
                              .submitted_at = monday,
                              .started_at = {},
                              .ended_at = monday,
                              .exit_code = 0,
                              .record = "{"};
  REQUIRE(journal.append(
      std::vector<store::Record>{{.at = monday, .kind = "x", .version = 1, .body = {}}},
      std::vector{row}));
  CHECK(replay::read_history(journal, {}, two_nodes).error().text.starts_with("job 9: "));
}
