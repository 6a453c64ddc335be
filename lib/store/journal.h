#pragma once
// The durable memory of a controller: records of what happened, in order; snapshots that replace
// the oldest; and the history of finished jobs. A journal knows bytes, not facts (docs/journal.md).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"

namespace store {

struct Record {
  base::Time at;
  std::string kind;
  int version = 1;  // of the encoding of `body`
  std::string body;
  bool operator==(const Record&) const = default;
};

struct StoredRecord {
  model::Seq seq = 0;
  Record record;
  bool operator==(const StoredRecord&) const = default;
};

/// The state after the record `up_to`, which makes earlier records dispensable.
struct Snapshot {
  model::Seq up_to = 0;
  std::string body;
  bool operator==(const Snapshot&) const = default;
};

/// A finished job for listings and accounting.
struct HistoryRow {
  model::JobId job;
  std::string user;
  std::string name;
  std::string state;  // of model::JobState, a final one
  base::Time submitted_at;
  std::optional<base::Time> started_at;
  base::Time ended_at;
  int exit_code = 0;
  std::string record;  // JSON as the API shows it
  bool operator==(const HistoryRow&) const = default;
};

struct HistoryQuery {
  std::optional<model::JobId> after;  // jobs with larger ids only
  std::size_t limit = 1000;
  std::vector<std::string> states;              // empty: all
  std::string user;                             // empty: all
  std::string name = {};                        // empty: all
  std::optional<base::Time> ended_from = {};    // ended then or later
  std::optional<base::Time> submitted_to = {};  // submitted then or before
};

/// The records that are there, `first` > `last` for none. `last` never goes back.
struct SeqRange {
  model::Seq first = 1;
  model::Seq last = 0;
  bool operator==(const SeqRange&) const = default;
};

/// What may be read while another thread writes; each call sees what was durable when it began.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual base::Result<SeqRange> range() = 0;

  /// At most `limit` records in order, from `first` on, or from the first that still exists.
  virtual base::Result<std::vector<StoredRecord>> read_from(model::Seq first,
                                                            std::size_t limit) = 0;

  virtual base::Result<std::optional<HistoryRow>> find_job(model::JobId job) = 0;

  /// By ascending id.
  virtual base::Result<std::vector<HistoryRow>> list_jobs(const HistoryQuery& query) = 0;
};

/// One writer at a time. What was returned as durable stays so whatever happens. Of a call that
/// failed nothing is to be seen; but a disk that failed while it synced may bring all of it back
/// when the file is opened again, so the writer ends then and starts anew from what is there.
/// errors: io (the disk said no, with its reason), corrupt (the file is damaged)
class Journal : public Reader {
 public:
  /// All or nothing, together with the rows of the jobs that ended. A row for a job that has one
  /// replaces it. Returns the place of the last record; all of it is on disk when this returns.
  virtual base::Result<model::Seq> append(std::span<const Record> records,
                                          std::span<const HistoryRow> ended) = 0;
  base::Result<model::Seq> append(std::span<const Record> records) { return append(records, {}); }

  /// errors: invalid for a place that no record has had
  virtual base::Result<void> save_snapshot(const Snapshot& snapshot) = 0;
  virtual base::Result<std::optional<Snapshot>> latest_snapshot() = 0;

  /// Deletes the snapshots before the latest, and the records that it covers but for the last
  /// `keep` records of the journal, which the event stream may still want.
  virtual base::Result<void> compact(std::size_t keep) = 0;
};

}  // namespace store
