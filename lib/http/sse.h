#pragma once
// Server-sent events (WHATWG HTML, section 9.2). Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace http {

constexpr std::string_view sse_content_type = "text/event-stream";

struct SseEvent {
  std::string id;     // empty: none; must not have line ends
  std::string event;  // the kind; empty: "message"; must not have line ends
  std::string data;   // any text; line ends become \n
  bool operator==(const SseEvent&) const = default;
};

std::string encode(const SseEvent& event);
/// A line that readers skip: keeps a quiet stream alive.
std::string sse_comment(std::string_view text);

/// Cuts a byte stream into events, wherever the bytes are split.
class SseReader {
 public:
  explicit SseReader(std::size_t limit = std::size_t{16} << 20) : limit_(limit) {}

  void feed(std::string_view bytes);
  /// The next complete event; error corrupt when one is larger than the limit. `id` is that of the
  /// event itself, not the last seen.
  base::Result<std::optional<SseEvent>> next();

 private:
  std::optional<std::string> next_line();
  void take_field(std::string_view line);

  std::size_t limit_;
  std::string buffer_;
  std::size_t taken_ = 0;
  SseEvent event_;
  bool has_data_ = false;
};

}  // namespace http
