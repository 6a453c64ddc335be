// The contract of Journal, on the real one and on its twin.

#include <filesystem>

#include "lib/store/memory_journal.h"
#include "lib/store/sqlite_journal.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

using store::HistoryRow;
using store::Journal;
using store::Record;

/// A journal and its place, if it needs one.
template <class Kind>
struct Fixture;

template <>
struct Fixture<store::SqliteJournal> {
  support::TempFolder place;
  std::unique_ptr<Journal> journal = open();

  std::unique_ptr<Journal> open() {
    auto opened = store::SqliteJournal::open(place / "journal.db");
    INFO((opened ? "" : opened.error().text));
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }
};

template <>
struct Fixture<store::MemoryJournal> {
  std::unique_ptr<Journal> journal = std::make_unique<store::MemoryJournal>();
};

Record record(int number) {
  const std::string body("body\0of ", 8);
  return {base::time_from_us(1'000'000 + number), "job_held", 1, body + std::to_string(number)};
}

std::vector<Record> records(int first, int last) {
  std::vector<Record> all;
  for (int i = first; i <= last; ++i) all.push_back(record(i));
  return all;
}

HistoryRow row(std::uint32_t job, const std::string& user, const std::string& state) {
  return {.job = model::JobId(job),
          .user = user,
          .name = "train",
          .state = state,
          .submitted_at = base::time_from_us(10),
          .started_at = job % 2 == 0 ? std::nullopt : std::optional(base::time_from_us(20)),
          .ended_at = base::time_from_us(30),
          .exit_code = static_cast<int>(job),
          .record = "{\"job\":" + std::to_string(job) + "}"};
}

std::vector<model::JobId> jobs_of(const base::Result<std::vector<HistoryRow>>& rows) {
  REQUIRE(rows.has_value());
  std::vector<model::JobId> jobs;
  for (const auto& one : *rows) jobs.push_back(one.job);
  return jobs;
}

std::vector<model::JobId> ids(std::initializer_list<std::uint32_t> numbers) {
  std::vector<model::JobId> jobs;
  for (const auto number : numbers) jobs.emplace_back(number);
  return jobs;
}

}  // namespace

#define BOTH "", store::SqliteJournal, store::MemoryJournal

TEMPLATE_TEST_CASE("a fresh journal is empty", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  CHECK(journal.range() == store::SeqRange{1, 0});
  CHECK(journal.read_from(1, 100)->empty());
  CHECK_FALSE(journal.latest_snapshot()->has_value());
  CHECK_FALSE(journal.find_job(model::JobId(1))->has_value());
  CHECK(journal.append({}) == model::Seq{0});
  CHECK(journal.compact(0).has_value());
}

TEMPLATE_TEST_CASE("records come back in order, bytes and all", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  CHECK(journal.append(records(1, 3)) == model::Seq{3});
  CHECK(journal.append(records(4, 4)) == model::Seq{4});
  CHECK(journal.range() == store::SeqRange{1, 4});
  const auto back = journal.read_from(2, 2);
  REQUIRE(back.has_value());
  REQUIRE(back->size() == 2);
  CHECK(back->at(0) == store::StoredRecord{2, record(2)});
  CHECK(back->at(1) == store::StoredRecord{3, record(3)});
  CHECK(journal.read_from(5, 10)->empty());
  CHECK(journal.read_from(0, 10)->size() == 4);
}

TEMPLATE_TEST_CASE("the latest snapshot is the one that covers most", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  REQUIRE(journal.append(records(1, 9)).has_value());
  const store::Snapshot late{8, std::string("late\0", 5)};
  REQUIRE(journal.save_snapshot(late).has_value());
  REQUIRE(journal.save_snapshot({5, "early"}).has_value());
  CHECK(*journal.latest_snapshot() == late);
}

TEMPLATE_TEST_CASE("a snapshot of what has not happened is refused", BOTH) {
  Fixture<TestType> fixture;
  REQUIRE(fixture.journal->append(records(1, 2)).has_value());
  const auto saved = fixture.journal->save_snapshot({3, ""});
  REQUIRE_FALSE(saved.has_value());
  CHECK(saved.error().code == base::Code::invalid);
}

TEMPLATE_TEST_CASE("compacting keeps what no snapshot covers and the last records", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  REQUIRE(journal.append(records(1, 10)).has_value());
  REQUIRE(journal.compact(0).has_value());
  CHECK(journal.range() == store::SeqRange{1, 10});
  REQUIRE(journal.save_snapshot({6, "six"}).has_value());
  REQUIRE(journal.compact(7).has_value());
  CHECK(journal.range() == store::SeqRange{4, 10});
  REQUIRE(journal.compact(0).has_value());
  CHECK(journal.range() == store::SeqRange{7, 10});
  CHECK(journal.read_from(1, 1)->front().seq == 7);
  CHECK(journal.latest_snapshot()->value().body == "six");
}

TEMPLATE_TEST_CASE("numbers are not given twice after all records are gone", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  REQUIRE(journal.append(records(1, 5)).has_value());
  REQUIRE(journal.save_snapshot({5, "all"}).has_value());
  REQUIRE(journal.compact(0).has_value());
  CHECK(journal.range() == store::SeqRange{6, 5});
  CHECK(journal.append(records(6, 6)) == model::Seq{6});
}

TEMPLATE_TEST_CASE("finished jobs are found and listed", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  const std::vector<HistoryRow> rows{row(1, "ada", "completed"), row(2, "bob", "failed"),
                                     row(3, "ada", "failed"), row(7, "ada", "cancelled")};
  REQUIRE(journal.append(records(1, 2), rows) == model::Seq{2});
  CHECK(**journal.find_job(model::JobId(3)) == rows[2]);
  CHECK(**journal.find_job(model::JobId(2)) == rows[1]);
  CHECK_FALSE(journal.find_job(model::JobId(4))->has_value());
  CHECK(jobs_of(journal.list_jobs({})) == ids({1, 2, 3, 7}));
  CHECK(jobs_of(journal.list_jobs({.after = model::JobId(1), .limit = 2})) == ids({2, 3}));
  CHECK(jobs_of(journal.list_jobs({.user = "ada"})) == ids({1, 3, 7}));
  CHECK(jobs_of(journal.list_jobs({.states = {"failed", "cancelled"}})) == ids({2, 3, 7}));
  CHECK(jobs_of(journal.list_jobs({.states = {"failed"}, .user = "ada"})) == ids({3}));
  CHECK(jobs_of(journal.list_jobs({.user = "' OR 1=1 --"})).empty());
  CHECK(jobs_of(journal.list_jobs({.name = rows[0].name})) == ids({1, 2, 3, 7}));
  CHECK(jobs_of(journal.list_jobs({.name = "other"})).empty());
  const auto later = base::Duration(1);
  CHECK(jobs_of(journal.list_jobs({.user = "bob", .ended_from = rows[1].ended_at})) == ids({2}));
  CHECK(
      jobs_of(journal.list_jobs({.user = "bob", .ended_from = rows[1].ended_at + later})).empty());
  CHECK(jobs_of(journal.list_jobs({.user = "bob", .submitted_to = rows[1].submitted_at})) ==
        ids({2}));
  CHECK(jobs_of(journal.list_jobs({.user = "bob", .submitted_to = rows[1].submitted_at - later}))
            .empty());
}

TEMPLATE_TEST_CASE("a later row of a job replaces the earlier", BOTH) {
  Fixture<TestType> fixture;
  auto& journal = *fixture.journal;
  const std::vector<HistoryRow> first{row(1, "ada", "failed")};
  const std::vector<HistoryRow> second{row(1, "ada", "completed")};
  REQUIRE(journal.append({}, first).has_value());
  REQUIRE(journal.append({}, second).has_value());
  CHECK(journal.find_job(model::JobId(1))->value().state == "completed");
  CHECK(journal.list_jobs({})->size() == 1);
}
