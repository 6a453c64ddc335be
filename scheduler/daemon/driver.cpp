#include "scheduler/daemon/driver.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/loop/clock.h"
#include "lib/loop/loop.h"
#include "lib/wire/fact.h"
#include "scheduler/daemon/history_row.h"

namespace musterd {

Driver::Driver(loop::Loop& loop, scheduler::Engine engine, store::Journal& journal, Hooks hooks)
    : engine_(std::move(engine)),
      journal_(journal),
      hooks_(std::move(hooks)),
      durable_seq_(engine_.last_seq()),
      last_now_(loop::now()),
      timer_(loop,
             [this] {
               armed_for_.reset();
               submit(scheduler::Tick{});
             }),
      self_(std::make_shared<Driver*>(this)),
      writer_(std::make_unique<loop::SerialWork>(loop)) {
  loop.on_turn_end([weak = std::weak_ptr(self_)] {
    if (const auto self = weak.lock()) (*self)->turn();
  });
}

Driver::~Driver() = default;

base::Time Driver::now() {
  last_now_ = std::max(last_now_, loop::now());
  return last_now_;
}

void Driver::submit(scheduler::Input input) {
  if (!failure_) inputs_.push_back(std::move(input));
}

scheduler::RequestId Driver::new_request() {
  return scheduler::RequestId(++last_request_);
}

void Driver::when_durable(std::function<void()> task) {
  if (durable_seq_ >= engine_.last_seq()) {
    task();
  } else {
    waiting_.emplace_back(engine_.last_seq(), std::move(task));
  }
}

void Driver::turn() {
  if (inputs_.empty() && pending_.facts.empty()) return;
  while (!failure_ && !inputs_.empty()) {
    for (const auto& input : std::exchange(inputs_, {})) add(engine_.handle(input, now()));
    add(engine_.plan(now()));
    hand_out();  // what needed no new fact: refusals, repeated words
  }
  if (failure_) return;
  commit();
  arm_timer();
}

void Driver::add(std::vector<model::Fact> facts) {
  if (pending_.facts.empty()) pending_.first = engine_.last_seq() + 1 - facts.size();
  for (auto& fact : facts) {
    if (const auto* ended = std::get_if<model::JobEnded>(&fact.body)) {
      const auto job = engine_.state().jobs.find(ended->job);
      base::check(job != engine_.state().jobs.end(), "a job that has just ended is in the state");
      pending_.ended.push_back(engine_.record_of(job->second));
    }
    pending_.facts.push_back(std::move(fact));
  }
}

void Driver::hand_out() {
  for (const auto& action : engine_.durable(durable_seq_)) hooks_.perform(action);
}

void Driver::commit() {
  if (is_writing_ || pending_.facts.empty()) return;
  is_writing_ = true;
  auto batch = std::make_shared<Batch>(std::exchange(pending_, {}));
  writer_->submit([batch, journal = &journal_] { batch->written = append(*batch, *journal); },
                  [this, batch] { written(*batch); });
}

base::Result<model::Seq> Driver::append(const Batch& batch, store::Journal& journal) {
  std::vector<store::Record> records;
  records.reserve(batch.facts.size());
  for (const auto& fact : batch.facts) {
    records.push_back({.at = fact.at,
                       .kind = std::string(kind_of(fact.body)),
                       .version = wire::fact_version,
                       .body = wire::encode(fact)});
  }
  std::vector<store::HistoryRow> rows;
  rows.reserve(batch.ended.size());
  for (const auto& record : batch.ended) rows.push_back(history_row(record));
  return journal.append(records, rows);
}

void Driver::written(const Batch& batch) {
  is_writing_ = false;
  if (!batch.written) {
    failure_ = batch.written.error().in("the journal cannot be written");
    failure_->text += "; nothing of this request was kept";
    inputs_.clear();
    timer_.stop();
    hooks_.failed(*failure_);
    return;
  }
  base::check(*batch.written == batch.first + batch.facts.size() - 1,
              "the journal counts facts as the engine does");
  durable_seq_ = *batch.written;
  hand_out();
  for (std::size_t i = 0; i < batch.facts.size(); ++i)
    hooks_.publish(batch.first + i, batch.facts[i]);
  while (!waiting_.empty() && waiting_.front().first <= durable_seq_) {
    const auto task = std::move(waiting_.front().second);
    waiting_.pop_front();
    task();
  }
}

void Driver::arm_timer() {
  const auto deadline = engine_.next_deadline();
  if (deadline == armed_for_) return;
  armed_for_ = deadline;
  if (deadline) {
    timer_.start(std::max(base::Duration(0), *deadline - now()));
  } else {
    timer_.stop();
  }
}

}  // namespace musterd
