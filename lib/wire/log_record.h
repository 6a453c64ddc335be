#pragma once
// The file `log` of a launch directory: what the script or the ranks wrote, in order of arrival.
// An append-only sequence of records that is read while it grows. With a limit it goes on in
// further files, of which some are left out (lib/wire/log_segments.h).
//
// A record, little endian: 4 bytes length of the output, 4 bytes rank (-1: the script, -2: not
// output, but a line of the map of ranks, lib/wire/map_line.h, -3: the stacks of a rank that
// hung), 8 bytes time in microseconds UTC, 1 byte stream (0 standard output, 1 standard error), 3
// bytes "ML1", then the output.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/head_message.h"

namespace wire {

struct LogRecord {
  base::Time time;
  std::optional<int> rank;  // absent: the batch script
  model::OutputStream stream = model::OutputStream::out;
  std::string bytes;

  bool operator==(const LogRecord&) const = default;
};

/// In place of a rank: lines of the map, and stacks. They are passed over unless asked for.
constexpr int map_rank = -2;
constexpr int stacks_rank = -3;

constexpr std::size_t log_header_bytes = 20;
constexpr std::size_t log_record_limit = std::size_t{1} << 20;  // of output in one record

/// The header that is followed by `n_bytes` of output, at most log_record_limit.
std::string encode_log_header(base::Time time, std::optional<int> rank, model::OutputStream stream,
                              std::size_t n_bytes);

std::string encode(const LogRecord& record);

/// Reads records from pieces of the file as they come.
class LogReader {
 public:
  /// With `only_rank`, which may be map_rank or stacks_rank, records of others are passed over.
  explicit LogReader(std::optional<int> only_rank = std::nullopt) : only_rank_(only_rank) {}

  void feed(std::string_view bytes);

  /// The next complete record, nullopt if more bytes are needed; error corrupt, for good, for bytes
  /// that no launcher writes.
  base::Result<std::optional<LogRecord>> next();

  /// Bytes of all records that are done with: where reading the file can start again.
  std::uint64_t n_consumed() const { return n_consumed_; }

 private:
  std::optional<int> only_rank_;
  std::string buffer_;
  std::size_t taken_ = 0;
  std::uint64_t n_consumed_ = 0;
};

}  // namespace wire
