#include "lib/store/sqlite_journal.h"

#include <fmt/format.h>

#include "lib/store/database.h"
#include "lib/store/queries.h"
#include "lib/store/schema.h"

namespace store {

namespace {

base::Error at(const std::filesystem::path& path, base::Error error) {
  return std::move(error).in(fmt::format("'{}'", path.string()));
}

base::Result<void> insert_records(Database& database, std::span<const Record> records,
                                  model::Seq& last) {
  auto insert =
      database.prepare("INSERT INTO fact (seq, at_us, kind, version, body) VALUES (?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(std::move(insert).error());
  for (const auto& record : records) {
    insert->integer(static_cast<std::int64_t>(++last))
        .integer(base::to_us(record.at))
        .text(record.kind)
        .integer(record.version)
        .blob(record.body);
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

base::Result<void> insert_history(Database& database, std::span<const HistoryRow> rows) {
  if (rows.empty()) return {};
  auto insert = database.prepare(
      "INSERT OR REPLACE INTO history (job, user, name, state, submitted_us, started_us, ended_us, "
      "exit_code, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(std::move(insert).error());
  for (const auto& row : rows) {
    insert->integer(row.job.number())
        .text(row.user)
        .text(row.name)
        .text(row.state)
        .integer(base::to_us(row.submitted_at));
    if (row.started_at) {
      insert->integer(base::to_us(*row.started_at));
    } else {
      insert->null();
    }
    insert->integer(base::to_us(row.ended_at)).integer(row.exit_code).text(row.record);
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

/// All of `work` in one transaction, or nothing of it.
template <class Work>
base::Result<void> transact(Database& database, Work work) {
  auto done = database.run("BEGIN IMMEDIATE");
  if (done) done = work();
  if (done) done = database.run("COMMIT");
  if (!done) database.roll_back();
  return done;
}

}  // namespace

SqliteReader::SqliteReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}
SqliteReader::~SqliteReader() = default;

base::Result<std::unique_ptr<SqliteReader>> SqliteReader::open(const std::filesystem::path& path) {
  auto database = Database::open(path, Database::Mode::read);
  if (!database) return std::unexpected(std::move(database).error());
  if (auto good = check_schema(**database); !good) {
    return std::unexpected(at(path, std::move(good).error()));
  }
  return std::make_unique<SqliteReader>(*std::move(database));
}

base::Result<SeqRange> SqliteReader::range() {
  return query_range(*database_);
}

base::Result<std::vector<StoredRecord>> SqliteReader::read_from(model::Seq first,
                                                                std::size_t limit) {
  return query_records(*database_, first, limit);
}

base::Result<std::optional<HistoryRow>> SqliteReader::find_job(model::JobId job) {
  return query_job(*database_, job);
}

base::Result<std::vector<HistoryRow>> SqliteReader::list_jobs(const HistoryQuery& query) {
  return query_jobs(*database_, query);
}

SqliteJournal::SqliteJournal(std::unique_ptr<Database> database, model::Seq last)
    : database_(std::move(database)), last_(last) {}
SqliteJournal::~SqliteJournal() = default;

base::Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(
    const std::filesystem::path& path) {
  auto database = Database::open(path, Database::Mode::write);
  if (!database) return std::unexpected(std::move(database).error());
  if (auto good = prepare_schema(**database); !good) {
    return std::unexpected(at(path, std::move(good).error()));
  }
  auto range = query_range(**database);
  if (!range) return std::unexpected(at(path, std::move(range).error()));
  return std::make_unique<SqliteJournal>(*std::move(database), range->last);
}

base::Result<model::Seq> SqliteJournal::append(std::span<const Record> records,
                                               std::span<const HistoryRow> ended) {
  if (records.empty() && ended.empty()) return last_;
  model::Seq last = last_;
  auto done = transact(*database_, [&] {
    auto inserted = insert_records(*database_, records, last);
    return inserted ? insert_history(*database_, ended) : inserted;
  });
  if (!done) return std::unexpected(std::move(done).error().in("cannot write the journal"));
  last_ = last;
  return last_;
}

base::Result<void> SqliteJournal::save_snapshot(const Snapshot& snapshot) {
  if (snapshot.up_to > last_) {
    return base::fail(base::Code::invalid,
                      fmt::format("a snapshot up to record {}, but the last record is {}",
                                  snapshot.up_to, last_));
  }
  auto done = transact(*database_, [&]() -> base::Result<void> {
    auto insert = database_->prepare("INSERT OR REPLACE INTO snapshot (up_to, body) VALUES (?, ?)");
    if (!insert) return std::unexpected(std::move(insert).error());
    return insert->integer(static_cast<std::int64_t>(snapshot.up_to)).blob(snapshot.body).run();
  });
  if (!done) return std::unexpected(std::move(done).error().in("cannot write a snapshot"));
  return {};
}

base::Result<std::optional<Snapshot>> SqliteJournal::latest_snapshot() {
  auto statement =
      database_->prepare("SELECT up_to, body FROM snapshot ORDER BY up_to DESC LIMIT 1");
  if (!statement) return std::unexpected(std::move(statement).error());
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row).error());
  if (!*row) return std::nullopt;
  return Snapshot{static_cast<model::Seq>(statement->integer_at(0)), statement->bytes_at(1)};
}

base::Result<void> SqliteJournal::compact(std::size_t keep) {
  if (keep >= last_) keep = last_;
  const auto last_to_go = static_cast<std::int64_t>(last_ - keep);
  auto done = transact(*database_, [&]() -> base::Result<void> {
    auto facts = database_->prepare(
        "DELETE FROM fact WHERE seq <= ? AND seq <= (SELECT max(up_to) FROM snapshot)");
    if (!facts) return std::unexpected(std::move(facts).error());
    if (auto gone = facts->integer(last_to_go).run(); !gone) return gone;
    return database_->run("DELETE FROM snapshot WHERE up_to < (SELECT max(up_to) FROM snapshot)");
  });
  if (!done) return std::unexpected(std::move(done).error().in("cannot compact the journal"));
  return {};
}

base::Result<SeqRange> SqliteJournal::range() {
  return query_range(*database_);
}

base::Result<std::vector<StoredRecord>> SqliteJournal::read_from(model::Seq first,
                                                                 std::size_t limit) {
  return query_records(*database_, first, limit);
}

base::Result<std::optional<HistoryRow>> SqliteJournal::find_job(model::JobId job) {
  return query_job(*database_, job);
}

base::Result<std::vector<HistoryRow>> SqliteJournal::list_jobs(const HistoryQuery& query) {
  return query_jobs(*database_, query);
}

base::Result<void> SqliteJournal::check_integrity() {
  auto statement = database_->prepare("PRAGMA integrity_check(1)");
  if (!statement) return std::unexpected(std::move(statement).error());
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row).error());
  const auto found = *row ? statement->bytes_at(0) : "no answer";
  if (found == "ok") return {};
  return base::fail(base::Code::corrupt, "the journal is damaged: " + found);
}

}  // namespace store
