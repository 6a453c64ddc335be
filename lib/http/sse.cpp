#include "lib/http/sse.h"

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace http {

static bool has_line_end(std::string_view text) {
  return text.find_first_of("\r\n") != text.npos;
}

/// The lines of a text, at "\n", "\r\n" and "\r" alike.
static void append_lines(std::string& out, std::string_view prefix, std::string_view text) {
  while (true) {
    const auto end = text.find_first_of("\r\n");
    out.append(prefix).append(text.substr(0, end)).append("\n");
    if (end == text.npos) {
      return;
    }
    const bool is_pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(end + (is_pair ? 2 : 1));
  }
}

std::string encode(const SseEvent& event) {
  base::check(!has_line_end(event.id) && !has_line_end(event.event),
              "ids and kinds of events are single lines");
  std::string out;
  if (!event.id.empty()) {
    out.append("id: ").append(event.id).append("\n");
  }
  if (!event.event.empty()) {
    out.append("event: ").append(event.event).append("\n");
  }
  append_lines(out, "data: ", event.data);
  return out.append("\n");
}

std::string sse_comment(std::string_view text) {
  std::string out;
  append_lines(out, ": ", text);
  return out.append("\n");
}

void SseReader::feed(std::string_view bytes) {
  if (taken_ > buffer_.size() / 2) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(bytes);
}

/// The next complete line. A "\r" at the very end waits: a "\n" may follow and belong to it.
std::optional<std::string> SseReader::next_line() {
  const auto end = buffer_.find_first_of("\r\n", taken_);
  if (end == buffer_.npos || (buffer_[end] == '\r' && end + 1 == buffer_.size())) {
    return std::nullopt;
  }
  std::string line = buffer_.substr(taken_, end - taken_);
  const bool is_pair = buffer_[end] == '\r' && buffer_[end + 1] == '\n';
  taken_ = end + (is_pair ? 2 : 1);
  return line;
}

void SseReader::take_field(std::string_view line) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) {
    value.remove_prefix(1);
  }
  if (name == "data") {
    if (has_data_) {
      event_.data += '\n';
    }
    event_.data += value;
    has_data_ = true;
  } else if (name == "id") {
    event_.id = value;
  } else if (name == "event") {
    event_.event = value;
  }
}

base::Result<std::optional<SseEvent>> SseReader::next() {
  while (const auto line = next_line()) {
    if (!line->empty()) {
      take_field(*line);
    } else if (has_data_) {
      SseEvent complete;
      std::swap(complete, event_);
      has_data_ = false;
      return complete;
    } else {
      event_ = {};
    }
    if (event_.data.size() > limit_) {
      break;
    }
  }
  if (event_.data.size() + buffer_.size() - taken_ > limit_) {
    return base::fail(base::Code::corrupt,
                      "an event has more than " + std::to_string(limit_) + " bytes");
  }
  return std::nullopt;
}

}  // namespace http
