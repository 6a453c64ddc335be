#include "scheduler/daemon/snapshots.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "lib/wire/fact.h"

namespace musterd {

namespace {

constexpr std::size_t records_at_a_time = 10'000;

}  // namespace

void Snapshots::consider() {
  const auto& engine = parts_.driver.engine();
  if (is_busy_ || engine.last_seq() < covered_ + options_.every) return;
  is_busy_ = true;
  auto plan = std::make_shared<Plan>(Plan{.up_to = engine.last_seq(),
                                          .jobs = {},
                                          .head = engine.head(parts_.driver.now()),
                                          .tail = engine.tail(parts_.driver.now())});
  plan->jobs.reserve(engine.state().jobs.size());
  for (const auto& [id, job] : engine.state().jobs) plan->jobs.push_back(id);
  parts_.driver.when_durable([this, plan] { begin(plan); });
}

void Snapshots::begin(std::shared_ptr<const Plan> plan) {
  auto old = std::make_shared<Old>();
  parts_.driver.writer().submit(
      [old, journal = &parts_.journal] { *old = journal->latest_snapshot(); },
      [this, plan = std::move(plan), old] { sift(plan, *old); });
}

void Snapshots::sift(std::shared_ptr<const Plan> plan, const Old& old) {
  if (!old) return finish(*plan, std::unexpected(old.error()));
  parts_.archive.ask(
      [plan, old = *old](store::Reader& reader) { return left_of(reader, *plan, old); },
      [this, plan](const Body& body) { save(plan, body); });
}

/// The facts of the old snapshot and of the records after it that the state still needs.
Snapshots::Body Snapshots::left_of(store::Reader& reader, const Plan& plan,
                                   const std::optional<store::Snapshot>& old) {
  auto left = plan.head;
  const auto keep = [&](model::Fact fact) {
    if (scheduler::is_of_snapshot(fact)) return;
    const auto job = model::job_of(fact.body);
    if (!job || std::ranges::binary_search(plan.jobs, *job)) left.push_back(std::move(fact));
  };
  model::Seq next = 1;
  if (old) {
    auto facts = wire::decode_snapshot(old->body);
    if (!facts) return std::unexpected(std::move(facts).error());
    for (auto& fact : *facts) keep(std::move(fact));
    next = old->up_to + 1;
  }
  while (next <= plan.up_to) {
    const auto records = reader.read_from(next, records_at_a_time);
    if (!records) return std::unexpected(records.error());
    if (records->empty()) return base::fail(base::Code::corrupt, "records are missing");
    for (const auto& [seq, record] : *records) {
      if (seq > plan.up_to) break;
      auto fact = wire::decode_fact(record.body, record.version);
      if (!fact) return std::unexpected(std::move(fact).error());
      keep(std::move(*fact));
    }
    next = records->back().seq + 1;
  }
  left.insert(left.end(), plan.tail.begin(), plan.tail.end());
  if (left.size() > plan.up_to) return std::nullopt;
  return wire::encode_snapshot(left);
}

void Snapshots::save(std::shared_ptr<const Plan> plan, const Body& body) {
  if (!body) return finish(*plan, std::unexpected(body.error()));
  if (!*body) {  // nothing can be dropped yet
    is_busy_ = false;
    covered_ = plan->up_to;
    return;
  }
  auto saved = std::make_shared<base::Result<void>>();
  store::Snapshot snapshot{.up_to = plan->up_to, .body = **body};
  parts_.driver.writer().submit(
      [saved, snapshot = std::move(snapshot), journal = &parts_.journal, keep = options_.keep] {
        *saved = journal->save_snapshot(snapshot);
        if (*saved) *saved = journal->compact(keep);
      },
      [this, plan = std::move(plan), saved] { finish(*plan, *saved); });
}

/// After an error the records are still there: nothing is lost, and the next one tries again.
void Snapshots::finish(const Plan& plan, const base::Result<void>& saved) {
  is_busy_ = false;
  covered_ = plan.up_to;
  if (saved) {
    parts_.log.info("snapshot_saved", {{"seq", plan.up_to}, {"jobs", plan.jobs.size()}});
  } else {
    parts_.log.error("snapshot_failed", {{"seq", plan.up_to}, {"why", saved.error().text}});
  }
}

}  // namespace musterd
