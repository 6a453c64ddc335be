#include "launcher/map/screen.h"

#include <cstddef>

namespace mapping {

namespace {

constexpr std::size_t kept_bytes = std::size_t{64} << 10;
constexpr int usual_rows = 24;

}  // namespace

void Screen::take(std::string_view bytes) {
  bytes_ += bytes;
  // Not each time: it moves all of them.
  if (bytes_.size() > 2 * kept_bytes) bytes_.erase(0, bytes_.size() - kept_bytes);
}

std::string_view Screen::last(int rows) const {
  std::string_view text = bytes_;
  if (text.size() > kept_bytes) text.remove_prefix(text.size() - kept_bytes);
  std::size_t begin = text.size();
  for (int line = 0; line < (rows > 0 ? rows : usual_rows); ++line) {
    if (begin == 0) return text;
    const auto end = text.rfind('\n', begin - 1);
    if (end == std::string_view::npos) return text;
    begin = end;
  }
  return text.substr(begin + 1);
}

}  // namespace mapping
