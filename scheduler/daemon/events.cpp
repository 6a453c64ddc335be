#include "scheduler/daemon/events.h"

#include <algorithm>
#include <utility>

#include "lib/http/sse.h"
#include "lib/loop/loop.h"
#include "lib/wire/event.h"
#include "lib/wire/fact.h"

namespace musterd {

namespace {

constexpr std::size_t page_records = 500;
constexpr base::Duration look_again = std::chrono::milliseconds(20);

std::string event_text(model::Seq seq, const model::Fact& fact) {
  return http::encode({.id = std::to_string(seq),
                       .event = std::string(kind_of(fact.body)),
                       .data = wire::fact_to_json(seq, fact)});
}

/// Tells a client that resumes that facts before `first` are no longer there.
std::string gap_text(model::Seq first) {
  return http::encode(
      {.id = {}, .event = "gap", .data = "{\"first\":\"" + std::to_string(first) + "\"}"});
}

}  // namespace

Events::Events(loop::Loop& loop, Archive& archive, model::Seq last, Options options,
               const loop::Log& log)
    : loop_(loop),
      archive_(archive),
      options_(options),
      log_(log),
      last_(last),
      stuck_timer_(loop, [this] { wake_stuck(); }),
      keep_alive_timer_(loop, [this] { keep_alive(); }),
      self_(std::make_shared<Events*>(this)) {
  keep_alive_timer_.start_repeating(options_.keep_alive);
}

void Events::publish(model::Seq seq, const model::Fact& fact) {
  last_ = seq;
  recent_.push_back({.seq = seq, .job = model::job_of(fact.body), .fact = fact, .text = {}});
  if (recent_.size() > options_.recent) recent_.pop_front();
  for (auto next = followers_.begin(); next != followers_.end();) {
    const auto id = (next++)->first;  // pump() may end this one
    pump(id);
  }
}

void Events::open(const Query& query, const http::Responder& responder) {
  auto answer = responder;
  const FollowerId id = ++last_follower_;
  // Deferred: the client may turn out to be gone in the middle of a write to it.
  answer.on_close([weak = std::weak_ptr(self_), id, loop = &loop_] {
    loop->defer([weak, id] {
      if (const auto self = weak.lock()) (*self)->followers_.erase(id);
    });
  });
  http::Response head{.content_type = std::string(http::sse_content_type),
                      .headers = {{"Cache-Control", "no-store"}}};
  followers_.emplace(id, Follower{.query = query,
                                  .until = query.once ? last_ : UINT64_MAX,
                                  .stream = answer.start_stream(std::move(head)),
                                  .stuck = {}});
  followers_.at(id).query.from = std::max<model::Seq>(query.from, 1);
  pump(id);
}

/// Sends a follower what is there for it, as far as its queue goes.
void Events::pump(FollowerId id) {
  const auto found = followers_.find(id);
  if (found == followers_.end() || found->second.is_reading) return;
  auto& follower = found->second;
  const model::Seq end = std::min(last_, follower.until);
  if (follower.query.from > end) {
    if (follower.query.from <= follower.until) return;
    follower.stream.finish();
    followers_.erase(found);
    return;
  }
  if (!recent_.empty() && follower.query.from >= recent_.front().seq) {
    if (write_recent(follower)) pump(id);
  } else {
    read_older(id, follower);
  }
}

/// False when it has to stop before the end.
bool Events::write_recent(Follower& follower) {
  for (std::size_t i = follower.query.from - recent_.front().seq; i < recent_.size(); ++i) {
    auto& recent = recent_[i];
    if (recent.seq > follower.until) break;
    if (follower.stream.queued_bytes() > options_.queue_bytes) {
      if (!follower.stuck) follower.stuck.emplace();
      if (!stuck_timer_.is_running()) stuck_timer_.start(look_again);
      return false;
    }
    if (!follower.query.job || follower.query.job == recent.job) {
      if (recent.text.empty()) recent.text = event_text(recent.seq, recent.fact);
      if (!follower.stream.write(recent.text)) return false;  // on_close removes it
    }
    follower.query.from = recent.seq + 1;
  }
  return true;
}

void Events::read_older(FollowerId id, const Follower& follower) {
  followers_.at(id).is_reading = true;
  const model::Seq end = recent_.empty() ? last_ + 1 : recent_.front().seq;
  archive_.ask([query = follower.query,
                end](store::Reader& reader) { return read_page(reader, query, end); },
               [weak = std::weak_ptr(self_), id](const base::Result<Page>& page) {
                 if (const auto self = weak.lock()) (*self)->take_page(id, page);
               });
}

base::Result<Events::Page> Events::read_page(store::Reader& reader, const Query& query,
                                             model::Seq end) {
  const auto records = reader.read_from(query.from, page_records);
  if (!records) return std::unexpected(records.error());
  Page page{.text = {}, .next = end};
  if (!records->empty() && records->front().seq > query.from && query.tells_gap) {
    page.text += gap_text(records->front().seq);
  }
  for (const auto& [seq, record] : *records) {
    if (seq >= end) return page;
    const auto fact = wire::decode_fact(record.body, record.version);
    if (!fact) return std::unexpected(fact.error().in("record " + std::to_string(seq)));
    if (!query.job || query.job == model::job_of(fact->body)) page.text += event_text(seq, *fact);
  }
  if (records->size() == page_records) page.next = records->back().seq + 1;
  return page;
}

void Events::take_page(FollowerId id, const base::Result<Page>& page) {
  const auto found = followers_.find(id);
  if (found == followers_.end()) return;
  auto& follower = found->second;
  follower.is_reading = false;
  if (!page) {
    log_.error("events_unreadable", {{"from", follower.query.from}, {"why", page.error().text}});
    followers_.erase(found);  // cut short: the client resumes or reports it
    return;
  }
  follower.query.tells_gap = false;
  follower.query.from = page->next;
  if (!follower.stream.write(page->text)) return;  // on_close removes it
  if (follower.stream.queued_bytes() <= options_.queue_bytes) return pump(id);
  follower.stuck.emplace();
  if (!stuck_timer_.is_running()) stuck_timer_.start(look_again);
}

/// Goes on with the followers whose queues have room again; drops those that read nothing for long.
void Events::wake_stuck() {
  std::vector<FollowerId> awake;
  bool some_stuck = false;
  for (auto next = followers_.begin(); next != followers_.end();) {
    auto& [id, follower] = *next++;
    if (!follower.stuck) continue;
    if (follower.stream.queued_bytes() <= options_.queue_bytes / 2) {
      follower.stuck.reset();
      awake.push_back(id);
    } else if (follower.stuck->so_far() > options_.patience) {
      log_.warn("slow_client_dropped", {{"stream", "events"}, {"seq", follower.query.from}});
      followers_.erase(id);
    } else {
      some_stuck = true;
    }
  }
  if (some_stuck) stuck_timer_.start(look_again);
  for (const auto id : awake) pump(id);
}

void Events::keep_alive() {
  const auto comment = http::sse_comment("alive");
  for (auto& [id, follower] : followers_) {
    if (follower.stuck || follower.is_reading) continue;
    (void)follower.stream.write(comment);  // on_close removes one that is gone
  }
}

}  // namespace musterd
