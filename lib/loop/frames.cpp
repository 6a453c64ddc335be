#include "lib/loop/frames.h"

#include <limits>

#include "lib/base/check.h"

namespace loop {

std::string frame(std::string_view body) {
  base::check(body.size() <= std::numeric_limits<std::uint32_t>::max(),
              "the length of a frame fits in four bytes");
  std::string bytes;
  bytes.reserve(frame_header_bytes + body.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>((body.size() >> shift) & 0xff);
  }
  return bytes.append(body);
}

void FrameReader::feed(std::string_view bytes) {
  // Moving the rest to the front only when it is the smaller part keeps the cost linear.
  if (taken_ > buffer_.size() / 2) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(bytes);
}

base::Result<std::optional<std::string>> FrameReader::next() {
  if (n_waiting() < frame_header_bytes) {
    return std::nullopt;
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < frame_header_bytes; ++i) {
    length |= std::size_t{static_cast<unsigned char>(buffer_[taken_ + i])} << (8 * i);
  }
  if (length > limit_) {
    return base::fail(base::Code::corrupt, "a frame of " + std::to_string(length) +
                                               " bytes was announced, the limit is " +
                                               std::to_string(limit_));
  }
  if (n_waiting() < frame_header_bytes + length) {
    return std::nullopt;
  }
  std::string body = buffer_.substr(taken_ + frame_header_bytes, length);
  taken_ += frame_header_bytes + length;
  return body;
}

}  // namespace loop
