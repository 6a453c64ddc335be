#include "lib/wire/log_segments.h"

#include <algorithm>

#include "lib/base/text.h"

namespace wire {

namespace {

constexpr std::string_view first_name = "log";
constexpr std::size_t most_segments = 8;      // after the first
constexpr std::uint64_t least_segment = 512;  // bytes

}  // namespace

std::string log_segment_name(std::uint64_t start) {
  return std::string(first_name) + (start == 0 ? "" : "." + std::to_string(start));
}

std::optional<std::uint64_t> log_segment_start(std::string_view name) {
  if (name == first_name) return 0;
  if (!name.starts_with("log.")) return std::nullopt;
  const auto number = base::parse_int(name.substr(4), 1, INT64_MAX);
  return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

LogLayout::Place LogLayout::place(std::uint64_t n_bytes) {
  const auto room = start_ == 0 ? std::max(limit_ / 2, least_segment) : most_bytes();
  const bool begins = limit_ != 0 && end_ > start_ && end_ - start_ + n_bytes > room;
  Place place{.begins = begins, .start = start_, .removed = {}};
  if (begins) {
    if (ring_.size() == most_segments) {
      place.removed = ring_.front();
      ring_.pop_front();
    }
    place.start = start_ = end_;
    ring_.push_back(start_);
  }
  end_ += n_bytes;
  return place;
}

std::uint64_t LogLayout::most_bytes() const {
  return limit_ == 0 ? UINT64_MAX : std::max(limit_ / 2 / most_segments, least_segment);
}

std::optional<NextSegment> next_segment(const std::vector<std::uint64_t>& starts,
                                        std::optional<std::uint64_t> present,
                                        std::uint64_t offset) {
  std::optional<std::uint64_t> here;   // the last that begins at or before the reader
  std::optional<std::uint64_t> after;  // the first that begins after it
  for (const auto start : starts) {
    if (start <= offset) {
      here = std::max(here.value_or(start), start);
    } else {
      after = std::min(after.value_or(start), start);
    }
  }
  if (here && (!present || *here > *present)) return NextSegment{*here, offset, 0};
  if (after) return NextSegment{*after, *after, *after - offset};
  return std::nullopt;
}

std::string left_out_line(std::uint64_t n_bytes) {
  return "\nmuster: " + base::plural(static_cast<std::int64_t>(n_bytes), "byte") +
         " of the log are left out here: it has reached its limit (limits.launch_log)\n";
}

}  // namespace wire
