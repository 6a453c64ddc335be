#pragma once
// How a launch's log stays within a limit: its first half is in the file `log`, what follows in
// segments `log.N`, of which the oldest are removed. N is the segment's place in the whole log,
// as if nothing had been removed; so are the offsets of readers. All of it pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

/// "log" for the first, "log.4096" for the one that begins there.
std::string log_segment_name(std::uint64_t start);
std::optional<std::uint64_t> log_segment_start(std::string_view name);

/// Where each record goes.
class LogLayout {
 public:
  /// limit   bytes of all files together; 0: none. A segment has at least one record: the limit
  ///         holds for records of no more than most_bytes(), if it is not below 8 KiB.
  explicit LogLayout(std::uint64_t limit) : limit_(limit) {}

  struct Place {
    bool begins = false;                   // in a new segment, at `start`
    std::uint64_t start = 0;               // of its segment
    std::optional<std::uint64_t> removed;  // start of a segment to remove
  };

  /// For the next record, whose header counts too.
  Place place(std::uint64_t n_bytes);
  std::uint64_t most_bytes() const;

 private:
  std::uint64_t limit_;
  std::uint64_t start_ = 0;         // of the present segment
  std::uint64_t end_ = 0;           // of the whole log
  std::deque<std::uint64_t> ring_;  // starts of the segments after the first
};

/// Where a reader that is at the end of a segment goes on.
struct NextSegment {
  std::uint64_t start = 0;
  std::uint64_t offset = 0;    // to read from, in the whole log
  std::uint64_t left_out = 0;  // bytes between the reader and that

  bool operator==(const NextSegment&) const = default;
};

/// starts   of the segments there are, in any order
/// present  the segment that the reader is at the end of; nullopt: none yet
/// offset   of the reader, in the whole log
/// returns  nullopt at the end of the log
std::optional<NextSegment> next_segment(const std::vector<std::uint64_t>& starts,
                                        std::optional<std::uint64_t> present, std::uint64_t offset);

/// The line that readers get in place of bytes that were removed.
std::string left_out_line(std::uint64_t n_bytes);

}  // namespace wire
