#pragma once
// The twin of the journal for simulation and tests: the same contract without a disk, and the
// accidents of one on demand.

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lib/store/journal.h"

namespace store {

class MemoryJournal : public Journal {
 public:
  /// With autosync (as on a disk) what append returns is durable. Without, it is so after sync():
  /// a driver that acts too early is found out by crash(). Snapshots and compact() sync first.
  explicit MemoryJournal(bool autosync = true) : autosync_(autosync) {}

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

  /// Makes durable what is not yet; returns the place of the last durable record.
  model::Seq sync();

  /// Drops everything that is not durable, as a crash of the machine does.
  void crash();

  /// The next calls that write return this error and keep nothing, until it is lifted by nullopt.
  void fail_with(std::optional<base::Error> error) { failure_ = std::move(error); }

 private:
  bool autosync_;
  std::map<model::Seq, Record> records_;
  std::map<model::JobId, HistoryRow> history_;
  std::optional<Snapshot> snapshot_;
  model::Seq last_ = 0;
  model::Seq durable_ = 0;
  std::vector<std::pair<model::JobId, std::optional<HistoryRow>>> undo_;  // of unsynced rows
  std::optional<base::Error> failure_;
};

}  // namespace store
