#include "agent/daemon/log_reads.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/loop/file_watch.h"
#include "lib/loop/folder.h"
#include "lib/loop/loop.h"
#include "lib/model/outcome.h"
#include "lib/wire/launch.h"
#include "lib/wire/log_record.h"
#include "lib/wire/log_segments.h"

namespace agentd {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;
constexpr std::size_t request_limit = 256;
constexpr std::size_t usage_limit = std::size_t{16} << 10;  // a full series is a tenth of it
constexpr int entry_limit = 1 << 16;  // of a folder in which the job may put more
constexpr int pieces_at_once = 256;   // of all that a reader skips, before others have a turn

/// Where the segments of the launch's log begin; none when there is no log.
std::vector<std::uint64_t> segments_in(const OwnFolder& own) {
  std::vector<std::uint64_t> starts;
  const loop::Folder folder(opendir(own.path.c_str()));
  if (!folder) return starts;
  for (int i = 0; i < entry_limit; ++i) {
    const auto* entry = readdir(folder.get());
    if (entry == nullptr) break;
    const bool may_be_file = entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN;
    const auto start = may_be_file ? wire::log_segment_start(entry->d_name) : std::nullopt;
    if (start) starts.push_back(*start);
  }
  return starts;
}

/// The rank whose records are asked for.
std::optional<int> wanted_rank(const model::LogRead& request) {
  if (request.map) return wire::map_rank;
  return request.stacks ? wire::stacks_rank : request.rank;
}

}  // namespace

struct LogReads::Read {
  model::LogRead request;
  wire::LogReader records;
  loop::OwnedFd file;                    // a segment of the log
  std::optional<std::uint64_t> segment;  // where it begins in the whole log
  std::uint64_t offset = 0;  // of the next byte to read, as all offsets in the whole log
  std::uint64_t begin = 0;   // of what `records` was fed
  std::optional<loop::FileWatch> watch;
  bool is_done = false;

  explicit Read(const model::LogRead& wanted)
      : request(wanted), records(new_records()), offset(wanted.offset), begin(wanted.offset) {}

  std::uint64_t next_offset() const { return begin + records.n_consumed(); }
  wire::LogReader new_records() const { return wire::LogReader(wanted_rank(request)); }
};

LogReads::LogReads(loop::Loop& loop, const LaunchDirs& dirs, LogReadsDoors doors)
    : loop_(loop), dirs_(dirs), doors_(std::move(doors)) {}

LogReads::~LogReads() = default;

void LogReads::start(const model::LogRead& request) {
  model::LogChunk refusal{.request = request.request,
                          .bytes = {},
                          .next_offset = request.offset,
                          .end = true,
                          .error = {}};
  if (reads_.size() >= request_limit) {
    refusal.error = "too many logs are being read on this node: try again later";
  } else if (access(dirs_.path(request.key).c_str(), F_OK) != 0) {
    // Stacks are asked for on all nodes of an attempt, of which some had no part of the step.
    if (request.stacks || request.usage) return doors_.send(std::move(refusal));
    refusal.error = "no log of " + model::to_text(request.key) + " on this node";
  }
  if (!refusal.error.empty()) {
    doors_.send(std::move(refusal));
    return;
  }
  if (request.usage) return doors_.send(usage_so_far(request));
  auto read = std::make_unique<Read>(request);
  if (request.follow && doors_.may_grow(request.key)) watch(*read);
  pump(*(reads_[request.request] = std::move(read)));
  forget_finished();
}

/// Of a launch that runs, if it has said anything yet that is a series; only that is believed.
model::LogChunk LogReads::usage_so_far(const model::LogRead& request) const {
  model::LogChunk answer{.request = request.request,
                         .bytes = {},
                         .next_offset = request.offset,
                         .end = true,
                         .error = {}};
  if (!doors_.may_grow(request.key)) return answer;
  const auto bytes = dirs_.own(request.key).read("usage", usage_limit);
  if (!bytes) return answer;
  auto said = wire::decode_report(*bytes);
  const bool is_fine = said && said->key == request.key && !said->series.points.empty() &&
                       said->series.points.size() <= model::UsageSeries::most_points;
  if (!is_fine) return answer;
  answer.bytes = wire::encode_report({.key = request.key, .series = std::move(said->series)});
  return answer;
}

/// Looks at the segment that is read, or at the first: it is touched when the next begins.
void LogReads::watch(Read& read) {
  const auto name = wire::log_segment_name(read.segment.value_or(0));
  auto watch = loop::FileWatch::open(loop_, dirs_.own(read.request.key).file(name.c_str()),
                                     [this, number = read.request.request] {
                                       const auto at = reads_.find(number);
                                       if (at != reads_.end()) pump(*at->second);
                                       forget_finished();
                                     });
  if (watch) read.watch = *std::move(watch);
}

void LogReads::cancel(std::uint32_t request) {
  reads_.erase(request);
}

void LogReads::cancel_all() {
  reads_.clear();
}

void LogReads::resume() {
  for (auto& [number, read] : reads_) pump(*read);
  forget_finished();
}

void LogReads::launch_ended(const model::LaunchKey& key) {
  for (auto& [number, read] : reads_) {
    if (read->request.key == key) pump(*read);
  }
  forget_finished();
}

/// Sends until the file or the connection's room is used up. Asks first whether more can come, so
/// that what was written before the end of the launch is not missed.
void LogReads::pump(Read& read) {
  const bool may_grow = read.watch && doors_.may_grow(read.request.key);
  for (int i = 0; !read.is_done; ++i) {
    if (!doors_.may_send()) return;
    if (i == pieces_at_once) return pump_later(read.request.request);
    if (read_on(read)) continue;
    if (!may_grow) finish(read, {});
    return;
  }
}

void LogReads::pump_later(std::uint32_t request) {
  loop_.post([this, request] {
    const auto at = reads_.find(request);
    if (at != reads_.end()) pump(*at->second);
    forget_finished();
  });
}

/// False at the present end of the log.
bool LogReads::read_on(Read& read) {
  return read_file(read) || read_on_elsewhere(read);
}

/// False at the present end of the segment.
bool LogReads::read_file(Read& read) {
  if (!read.file) return false;
  std::array<char, chunk_bytes> bytes{};
  const ssize_t n_read = pread(read.file.get(), bytes.data(), bytes.size(),
                               static_cast<off_t>(read.offset - read.segment.value_or(0)));
  if (n_read < 0) {
    finish(read, base::fail_errno(errno, "cannot read the log").error().text);
    return true;
  }
  if (n_read == 0) return false;
  read.offset += static_cast<std::uint64_t>(n_read);
  read.records.feed({bytes.data(), static_cast<std::size_t>(n_read)});
  return send_records(read);
}

/// In the next segment, if there is one; what was removed in between is told of.
bool LogReads::read_on_elsewhere(Read& read) {
  const auto next =
      wire::next_segment(segments_in(dirs_.own(read.request.key)), read.segment, read.offset);
  if (!next) return false;
  if (read_file(read)) return true;  // it grew before the next began
  if (!open_file(read, next->start)) return true;
  read.records = read.new_records();
  read.offset = read.begin = next->offset;
  if (next->left_out > 0 && !read.request.map && !read.request.stacks) {
    doors_.send({.request = read.request.request,
                 .bytes = wire::left_out_line(next->left_out),
                 .next_offset = next->offset,
                 .end = false,
                 .error = {}});
  }
  return true;
}

/// False when the segment has been removed meanwhile, or the read has failed.
bool LogReads::open_file(Read& read, std::uint64_t start) {
  auto file = dirs_.own(read.request.key).open(wire::log_segment_name(start).c_str());
  if (!file) {
    if (file.error().code != base::Code::not_found) finish(read, std::move(file).error().text);
    return false;
  }
  read.file = *std::move(file);
  read.segment = start;
  if (read.watch && start != 0) watch(read);
  return true;
}

/// All records that are complete, as one chunk: about as large as what was read, or one record.
bool LogReads::send_records(Read& read) {
  model::LogChunk chunk;
  chunk.request = read.request.request;
  while (true) {
    auto record = read.records.next();
    if (!record) {
      finish(read, std::move(record).error().text);
      return true;
    }
    if (!*record) break;
    chunk.bytes += (*record)->bytes;
  }
  chunk.next_offset = read.next_offset();
  if (!chunk.bytes.empty()) doors_.send(std::move(chunk));
  return true;
}

void LogReads::finish(Read& read, std::string error) {
  read.is_done = true;
  doors_.send({.request = read.request.request,
               .bytes = {},
               .next_offset = read.next_offset(),
               .end = true,
               .error = std::move(error)});
}

/// Lets finished reads go: never while one of them is at work.
void LogReads::forget_finished() {
  std::erase_if(reads_, [](const auto& entry) { return entry.second->is_done; });
}

}  // namespace agentd
