// The accidents that the twin plays.

#include "lib/store/memory_journal.h"

#include "tests/support/catch.h"

namespace {

const std::vector<store::Record> one_record{{base::time_from_us(1), "node_away", 1, "x"}};

std::vector<store::HistoryRow> ended(const std::string& state) {
  return {{.job = model::JobId(1),
           .user = "ada",
           .name = "train",
           .state = state,
           .submitted_at = {},
           .started_at = {},
           .ended_at = {},
           .exit_code = 0,
           .record = "{}"}};
}

}  // namespace

TEST_CASE("a crash drops what was not synced, rows of the history too") {
  store::MemoryJournal journal(false);
  REQUIRE(journal.append(one_record, ended("failed")).has_value());
  CHECK(journal.sync() == 1);
  REQUIRE(journal.append(one_record, ended("completed")).has_value());
  CHECK(journal.range() == store::SeqRange{1, 2});
  journal.crash();
  CHECK(journal.range() == store::SeqRange{1, 1});
  CHECK(journal.find_job(model::JobId(1))->value().state == "failed");
  CHECK(journal.append(one_record) == model::Seq{2});
}

TEST_CASE("a crash drops nothing that autosync made durable") {
  store::MemoryJournal journal;
  REQUIRE(journal.append(one_record).has_value());
  journal.crash();
  CHECK(journal.range() == store::SeqRange{1, 1});
}

TEST_CASE("a failing journal keeps nothing of the call and works again afterwards") {
  store::MemoryJournal journal;
  REQUIRE(journal.append(one_record).has_value());
  const base::Error full{base::Code::io, "database or disk is full"};
  journal.fail_with(full);
  CHECK(journal.append(one_record).error() == full);
  CHECK(journal.save_snapshot({1, ""}).error() == full);
  CHECK(journal.compact(0).error() == full);
  CHECK(journal.range() == store::SeqRange{1, 1});
  journal.fail_with(std::nullopt);
  CHECK(journal.append(one_record) == model::Seq{2});
}
