#pragma once
// The journal in one SQLite file: WAL, synchronous=FULL, one writer; readers of their own beside
// it.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lib/store/journal.h"

namespace store {

/// Of the tables; a file with a larger one is refused.
constexpr int schema_version = 1;

class Database;

/// Reads the file of a SqliteJournal from another thread, through a connection of its own.
class SqliteReader : public Reader {
 public:
  /// errors: not_found where no journal is; corrupt; conflict for a newer schema; io
  static base::Result<std::unique_ptr<SqliteReader>> open(const std::filesystem::path& path);
  explicit SqliteReader(std::unique_ptr<Database> database);
  ~SqliteReader() override;

  base::Result<SeqRange> range() override;
  base::Result<std::vector<StoredRecord>> read_from(model::Seq first, std::size_t limit) override;
  base::Result<std::optional<HistoryRow>> find_job(model::JobId job) override;
  base::Result<std::vector<HistoryRow>> list_jobs(const HistoryQuery& query) override;

 private:
  std::unique_ptr<Database> database_;
};

class SqliteJournal : public Journal {
 public:
  /// Opens the file, or creates it (mode 0600). One process at a time: the caller holds its lock.
  /// errors: corrupt (no journal, or damaged); conflict for a newer schema; not_found for a missing
  /// folder; io
  static base::Result<std::unique_ptr<SqliteJournal>> open(const std::filesystem::path& path);
  SqliteJournal(std::unique_ptr<Database> database, model::Seq last);
  ~SqliteJournal() override;

  using Journal::append;
  base::Result<model::Seq> append(std::span<const Record> records,
                                  std::span<const HistoryRow> ended) override;
  base::Result<void> save_snapshot(const Snapshot& snapshot) override;
  base::Result<std::optional<Snapshot>> latest_snapshot() override;
  base::Result<void> compact(std::size_t keep) override;

  base::Result<SeqRange> range() override;
  base::Result<std::vector<StoredRecord>> read_from(model::Seq first, std::size_t limit) override;
  base::Result<std::optional<HistoryRow>> find_job(model::JobId job) override;
  base::Result<std::vector<HistoryRow>> list_jobs(const HistoryQuery& query) override;

  /// Reads every page: errors: corrupt, with what SQLite found first.
  base::Result<void> check_integrity();

 private:
  std::unique_ptr<Database> database_;
  model::Seq last_;  // of the records that are durable
};

}  // namespace store
