#include "scheduler/daemon/recovery.h"

#include <algorithm>
#include <string>
#include <utility>

#include "lib/wire/fact.h"

namespace musterd {

namespace {

constexpr std::size_t records_read = 10'000;  // at a time

base::Result<void> replay_snapshot(const store::Snapshot& snapshot, scheduler::Engine& engine,
                                   Recovered& recovered) {
  const auto facts = wire::decode_snapshot(snapshot.body);
  if (!facts) {
    return std::unexpected(
        facts.error().in("the snapshot of record " + std::to_string(snapshot.up_to)));
  }
  recovered.snapshot_seq = snapshot.up_to;
  if (facts->size() > snapshot.up_to) {
    return base::fail(base::Code::corrupt, "the snapshot of record " +
                                               std::to_string(snapshot.up_to) +
                                               " has more facts than there were");
  }
  // What is left of the facts up to there takes the last places.
  model::Seq seq = snapshot.up_to - facts->size();
  for (const auto& fact : *facts) {
    engine.replay(++seq, fact);
    recovered.last_at = std::max(recovered.last_at, fact.at);
  }
  recovered.n_facts += facts->size();
  return {};
}

base::Result<void> replay_records(const std::vector<store::StoredRecord>& records,
                                  scheduler::Engine& engine, Recovered& recovered) {
  for (const auto& [seq, record] : records) {
    const auto fact = wire::decode_fact(record.body, record.version);
    if (!fact) return std::unexpected(fact.error().in("record " + std::to_string(seq)));
    engine.replay(seq, *fact);
    recovered.last_at = std::max(recovered.last_at, fact->at);
  }
  recovered.n_facts += records.size();
  return {};
}

}  // namespace

base::Result<Recovered> recover(store::Journal& journal, scheduler::Engine& engine) {
  Recovered recovered;
  const auto snapshot = journal.latest_snapshot();
  if (!snapshot) return std::unexpected(snapshot.error());
  if (*snapshot) {
    if (auto done = replay_snapshot(**snapshot, engine, recovered); !done) {
      return std::unexpected(std::move(done).error());
    }
  }
  for (model::Seq next = recovered.snapshot_seq + 1;;) {
    const auto records = journal.read_from(next, records_read);
    if (!records) return std::unexpected(records.error());
    if (records->empty()) return recovered;
    if (records->front().seq != next) {
      return base::fail(base::Code::corrupt, "record " + std::to_string(next) +
                                                 " is missing; the next one is " +
                                                 std::to_string(records->front().seq));
    }
    if (auto done = replay_records(*records, engine, recovered); !done) {
      return std::unexpected(std::move(done).error());
    }
    next = records->back().seq + 1;
  }
}

}  // namespace musterd
