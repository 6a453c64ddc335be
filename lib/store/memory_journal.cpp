#include "lib/store/memory_journal.h"

#include <algorithm>

namespace store {

base::Result<model::Seq> MemoryJournal::append(std::span<const Record> records,
                                               std::span<const HistoryRow> ended) {
  if (records.empty() && ended.empty()) return last_;
  if (failure_) return std::unexpected(*failure_);
  for (const auto& record : records) records_.emplace_hint(records_.end(), ++last_, record);
  for (const auto& row : ended) {
    const auto known = history_.find(row.job);
    undo_.emplace_back(row.job,
                       known == history_.end() ? std::nullopt : std::optional(known->second));
    history_.insert_or_assign(row.job, row);
  }
  if (autosync_) sync();
  return last_;
}

base::Result<void> MemoryJournal::save_snapshot(const Snapshot& snapshot) {
  if (failure_) return std::unexpected(*failure_);
  if (snapshot.up_to > last_) {
    return base::fail(base::Code::invalid, "a snapshot up to record " +
                                               std::to_string(snapshot.up_to) +
                                               ", but the last record is " + std::to_string(last_));
  }
  sync();
  if (!snapshot_ || snapshot_->up_to <= snapshot.up_to) snapshot_ = snapshot;
  return {};
}

base::Result<std::optional<Snapshot>> MemoryJournal::latest_snapshot() {
  return snapshot_;
}

base::Result<void> MemoryJournal::compact(std::size_t keep) {
  if (failure_) return std::unexpected(*failure_);
  sync();
  if (!snapshot_) return {};
  const auto kept = std::min<model::Seq>(keep, last_);
  const auto last_to_go = std::min(snapshot_->up_to, last_ - kept);
  records_.erase(records_.begin(), records_.upper_bound(last_to_go));
  return {};
}

base::Result<SeqRange> MemoryJournal::range() {
  return SeqRange{records_.empty() ? last_ + 1 : records_.begin()->first, last_};
}

base::Result<std::vector<StoredRecord>> MemoryJournal::read_from(model::Seq first,
                                                                 std::size_t limit) {
  std::vector<StoredRecord> found;
  for (auto it = records_.lower_bound(first); it != records_.end() && found.size() < limit; ++it) {
    found.push_back({it->first, it->second});
  }
  return found;
}

base::Result<std::optional<HistoryRow>> MemoryJournal::find_job(model::JobId job) {
  const auto known = history_.find(job);
  return known == history_.end() ? std::nullopt : std::optional(known->second);
}

base::Result<std::vector<HistoryRow>> MemoryJournal::list_jobs(const HistoryQuery& query) {
  std::vector<HistoryRow> rows;
  const auto& states = query.states;
  auto it = query.after ? history_.upper_bound(*query.after) : history_.begin();
  for (; it != history_.end() && rows.size() < query.limit; ++it) {
    const auto& row = it->second;
    if (!query.user.empty() && row.user != query.user) continue;
    if (!query.name.empty() && row.name != query.name) continue;
    if (query.ended_from && row.ended_at < *query.ended_from) continue;
    if (query.submitted_to && row.submitted_at > *query.submitted_to) continue;
    if (!states.empty() && std::find(states.begin(), states.end(), row.state) == states.end()) {
      continue;
    }
    rows.push_back(row);
  }
  return rows;
}

model::Seq MemoryJournal::sync() {
  durable_ = last_;
  undo_.clear();
  return durable_;
}

void MemoryJournal::crash() {
  records_.erase(records_.upper_bound(durable_), records_.end());
  last_ = durable_;
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    if (undo->second) {
      history_.insert_or_assign(undo->first, *undo->second);
    } else {
      history_.erase(undo->first);
    }
  }
  undo_.clear();
}

}  // namespace store
