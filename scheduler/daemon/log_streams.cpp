#include "scheduler/daemon/log_streams.h"

#include <algorithm>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/wire/api.h"
#include "lib/wire/launch.h"

namespace musterd {

namespace {

constexpr base::Duration look_again_after = std::chrono::milliseconds(20);

/// Nothing of what is no report of it.
std::string usage_line(model::LaunchUsage launch, const std::string& bytes) {
  auto report = bytes.empty() ? base::fail(base::Code::not_found, "it says nothing yet")
                              : wire::decode_report(bytes);
  if (!report || report->key != launch.launch) return {};
  launch.series = std::move(report->series);
  return wire::to_json(launch) + "\n";
}

}  // namespace

LogStreams::LogStreams(loop::Loop& loop, Agents& agents, Options options, const loop::Log& log)
    : loop_(loop),
      agents_(agents),
      options_(options),
      log_(log),
      timer_(loop, [this] { look_again(); }),
      self_(std::make_shared<LogStreams*>(this)) {}

void LogStreams::open(std::vector<LogSource> sources, bool follow,
                      const http::Responder& responder) {
  const StreamId id = ++last_stream_;
  Stream stream{.parts = {}, .follow = follow, .responder = responder, .body = {}, .stuck = {}};
  for (auto& source : sources) stream.parts.push_back({.source = std::move(source), .request = {}});
  // Deferred: the client may turn out to be gone in the middle of a write to it.
  stream.responder.on_close([weak = std::weak_ptr(self_), id, loop = &loop_] {
    loop->defer([weak, id] {
      if (const auto self = weak.lock()) (*self)->remove(id);
    });
  });
  streams_.emplace(id, std::move(stream));
  advance(id);
}

/// Starts every read that may go on; ends the answer when nothing is left to read.
void LogStreams::advance(StreamId id) {
  auto& stream = streams_.at(id);
  stream.stuck.reset();
  bool all_ended = true;
  for (std::size_t place = 0; place < stream.parts.size(); ++place) {
    auto& part = stream.parts[place];
    if (part.has_ended) continue;
    all_ended = false;
    if (!part.request) {
      const auto started = start(id, place, part, stream.follow);
      if (!started && !stream.follow && !stream.body) return fail(id, started.error());
      if (!started) pause(stream);
    }
    if (!stream.follow) break;  // one after the other
  }
  if (!all_ended) return;
  body_of(stream).finish();
  streams_.erase(id);
}

base::Result<void> LogStreams::start(StreamId id, std::size_t place, Part& part, bool follow) {
  auto request = agents_.read_log(
      part.source.node,
      {.key = part.source.key,
       .rank = part.source.rank,
       .offset = part.source.offset,
       .follow = follow,
       .map = part.source.map,
       .stacks = part.source.stacks,
       .usage = part.source.usage.has_value()},
      {.take = [this, id, place](const model::LogChunk& chunk) { take(id, place, chunk); },
       .lost = [this, id, place] { lose(id, place); }});
  if (!request) return std::unexpected(std::move(request).error().in(part.source.node_name));
  part.request = *request;
  return {};
}

http::ResponseStream& LogStreams::body_of(Stream& stream) {
  if (!stream.body) {
    stream.body = stream.responder.start_stream({.content_type = "text/plain; charset=utf-8"});
  }
  return *stream.body;
}

void LogStreams::take(StreamId id, std::size_t place, const model::LogChunk& chunk) {
  auto& stream = streams_.at(id);
  auto& part = stream.parts[place];
  if (chunk.end) {
    part.request.reset();
    if (!chunk.error.empty()) {
      return fail(id, {base::Code::not_found, part.source.node_name + ": " + chunk.error});
    }
    part.has_ended = true;
  }
  part.source.offset = chunk.next_offset;
  const auto bytes = part.source.usage ? usage_line(*part.source.usage, chunk.bytes) : chunk.bytes;
  if (!bytes.empty() && !body_of(stream).write(bytes)) return;  // on_close removes it
  if (chunk.end) return advance(id);
  if (body_of(stream).queued_bytes() <= options_.queue_bytes) return;
  for (auto& other : stream.parts) {
    if (other.request) agents_.cancel_read(*std::exchange(other.request, std::nullopt));
  }
  pause(stream);
}

/// Goes on from the same place when the agent is back.
void LogStreams::lose(StreamId id, std::size_t place) {
  auto& stream = streams_.at(id);
  stream.parts[place].request.reset();
  pause(stream);
}

void LogStreams::pause(Stream& stream) {
  if (!stream.stuck) stream.stuck.emplace();
  if (!timer_.is_running()) timer_.start(look_again_after);
}

void LogStreams::fail(StreamId id, const base::Error& error) {
  auto& stream = streams_.at(id);
  if (!stream.body) {
    stream.responder.fail(error);
  } else {
    log_.warn("log_cut_short",
              {{"launch", to_text(stream.parts.front().source.key)}, {"why", error.text}});
  }
  remove(id);
}

void LogStreams::remove(StreamId id) {
  const auto stream = streams_.extract(id);
  if (!stream) return;
  for (auto& part : stream.mapped().parts) {
    if (part.request) agents_.cancel_read(*part.request);
  }
}

void LogStreams::look_again() {
  std::vector<StreamId> ready;
  std::vector<StreamId> hopeless;
  bool some_stuck = false;
  for (auto& [id, stream] : streams_) {
    if (!stream.stuck) continue;
    const bool has_room = !stream.body || stream.body->queued_bytes() <= options_.queue_bytes / 2;
    const bool has_nodes = std::ranges::all_of(stream.parts, [this](const Part& part) {
      return part.has_ended || agents_.is_connected(part.source.node);
    });
    if (has_room && has_nodes) {
      ready.push_back(id);
    } else if (stream.stuck->so_far() > options_.patience) {
      hopeless.push_back(id);
    } else {
      some_stuck = true;
    }
  }
  if (some_stuck) timer_.start(look_again_after);
  for (const auto id : hopeless) {
    fail(id, {base::Code::unavailable, "the client or the node's agent was away for too long"});
  }
  for (const auto id : ready) {
    if (streams_.contains(id)) advance(id);
  }
}

}  // namespace musterd
