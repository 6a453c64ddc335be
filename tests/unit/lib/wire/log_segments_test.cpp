#include "lib/wire/log_segments.h"

#include <map>
#include <optional>
#include <vector>

#include "tests/support/catch.h"

using wire::LogLayout;
using wire::next_segment;
using wire::NextSegment;

namespace {

/// What is on the disk after `n_records` of `bytes` each: segments with their sizes.
std::map<std::uint64_t, std::uint64_t> written(std::uint64_t limit, int n_records,
                                               std::uint64_t bytes) {
  LogLayout layout(limit);
  std::map<std::uint64_t, std::uint64_t> segments;
  for (int i = 0; i < n_records; ++i) {
    const auto place = layout.place(bytes);
    if (place.removed) CHECK(segments.erase(*place.removed) == 1);
    CHECK(place.begins == !(i == 0 || segments.contains(place.start)));
    segments[place.start] += bytes;
  }
  return segments;
}

std::uint64_t total(const std::map<std::uint64_t, std::uint64_t>& segments) {
  std::uint64_t sum = 0;
  for (const auto& [start, size] : segments) sum += size;
  return sum;
}

}  // namespace

TEST_CASE("a log without a limit, or within it, is one file") {
  CHECK(written(0, 1000, 100) == std::map<std::uint64_t, std::uint64_t>{{0, 100'000}});
  CHECK(written(16'000, 8, 1000) == std::map<std::uint64_t, std::uint64_t>{{0, 8000}});
}

TEST_CASE("a log keeps its first half and, in segments, its end") {
  CHECK(written(16'000, 9, 1000) ==
        std::map<std::uint64_t, std::uint64_t>{{0, 8000}, {8000, 1000}});
  const auto segments = written(16'000, 1000, 1000);
  CHECK(segments.size() == 9);
  CHECK(segments.at(0) == 8000);
  CHECK(segments.rbegin()->first + segments.rbegin()->second == 1'000'000);
  CHECK(total(segments) == 16'000);
}

TEST_CASE("a log never takes more than its limit, whatever the records are") {
  for (const std::uint64_t bytes : {10, 70, 330, 1000}) {
    for (const int n_records : {10, 100, 5000}) {
      const auto segments = written(16'000, n_records, bytes);
      CHECK(total(segments) <= 16'000);
      CHECK(total(segments) >=
            std::min(bytes * static_cast<std::uint64_t>(n_records), std::uint64_t{12'000}));
    }
  }
}

TEST_CASE("a segment has a record at least, and a tiny limit is 5 KiB") {
  CHECK(written(1600, 30, 5000).size() == 9);
  CHECK(LogLayout(16'000).most_bytes() == 1000);
  CHECK(LogLayout(1).most_bytes() == 512);
  CHECK(total(written(1, 1000, 512)) == 9 * 512);
}

TEST_CASE("a reader goes from segment to segment and is told of what is left out") {
  CHECK(next_segment({}, std::nullopt, 0) == std::nullopt);
  CHECK(next_segment({0}, std::nullopt, 0) == NextSegment{0, 0, 0});
  CHECK(next_segment({0}, 0, 800) == std::nullopt);
  CHECK(next_segment({800, 0}, 0, 800) == NextSegment{800, 800, 0});
  CHECK(next_segment({0, 1000, 900}, 0, 800) == NextSegment{900, 900, 100});
  CHECK(next_segment({0, 900, 1000}, 900, 1000) == NextSegment{1000, 1000, 0});
  CHECK(next_segment({0, 900, 1000}, 1000, 1050) == std::nullopt);
}

TEST_CASE("a reader that comes back starts in the segment of its offset, or after it") {
  CHECK(next_segment({0, 900, 1000}, std::nullopt, 950) == NextSegment{900, 950, 0});
  CHECK(next_segment({0, 900, 1000}, std::nullopt, 850) == NextSegment{0, 850, 0});
  CHECK(next_segment({0, 900, 1000}, 0, 850) == NextSegment{900, 900, 50});
}

TEST_CASE("segments are found by their names") {
  CHECK(wire::log_segment_name(0) == "log");
  CHECK(wire::log_segment_name(4096) == "log.4096");
  for (const std::uint64_t start : {0, 1, 4096}) {
    CHECK(wire::log_segment_start(wire::log_segment_name(start)) == start);
  }
  for (const auto* name : {"logs", "log.", "log.x", "log.0", "log.-1", "launcher.err"}) {
    CHECK(wire::log_segment_start(name) == std::nullopt);
  }
}
