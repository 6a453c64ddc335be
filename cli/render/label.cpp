#include "cli/render/label.h"

#include <fmt/format.h>

namespace render {

namespace {

constexpr std::size_t line_limit = 1 << 16;  // longer lines are passed on in pieces

}  // namespace

std::string Labels::take(int rank, model::OutputStream stream, std::string_view bytes) {
  auto& line = open_[{rank, stream}];
  std::string text;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    line += bytes.substr(0, end);
    const bool is_whole = end != std::string_view::npos;
    if (is_whole || line.size() >= line_limit) {
      text += fmt::format("{}: {}\n", rank, line);
      line.clear();
    }
    bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
  }
  return text;
}

std::string Labels::finish(model::OutputStream stream) {
  std::string text;
  for (auto& [from, line] : open_) {
    if (from.second != stream || line.empty()) continue;
    text += fmt::format("{}: {}\n", from.first, line);
    line.clear();
  }
  return text;
}

}  // namespace render
