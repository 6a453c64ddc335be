#pragma once
// Frames on a byte stream: four bytes of length (little endian), then so many bytes. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace loop {

constexpr std::size_t frame_header_bytes = 4;
constexpr std::size_t default_frame_limit = std::size_t{64} << 20;

/// `body` with its length in front; at most 4 GiB - 1.
std::string frame(std::string_view body);

/// Cuts a byte stream into frames.
class FrameReader {
 public:
  explicit FrameReader(std::size_t limit = default_frame_limit) : limit_(limit) {}

  void feed(std::string_view bytes);
  /// The next complete body, nullopt if more bytes are needed; error corrupt, for good, when a
  /// frame says that it is larger than the limit.
  base::Result<std::optional<std::string>> next();
  /// Bytes of an unfinished frame: not 0 at the end of a stream means that it was cut.
  std::size_t n_waiting() const { return buffer_.size() - taken_; }

 private:
  std::size_t limit_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace loop
