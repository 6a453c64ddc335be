#include "cli/render/rank_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace render {

namespace {

constexpr std::size_t line_limit = 1 << 16;

}  // namespace

/// With labels even a piece becomes a line.
void RankLines::pass_on(int rank, Piece& piece, bool is_whole, std::string& out) const {
  if (labels_ == Labels::rank) fmt::format_to(std::back_inserter(out), "{}: ", rank);
  out += piece.text;
  if (is_whole || labels_ == Labels::rank) out += '\n';
  piece = {};
}

std::string RankLines::take(int rank, model::OutputStream stream, std::string_view bytes) {
  auto& piece = pieces_[{rank, stream}];
  std::string out;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const bool is_whole = end != std::string_view::npos;
    piece.text += bytes.substr(0, end);
    if (is_whole || piece.text.size() >= line_limit) pass_on(rank, piece, is_whole, out);
    bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
  }
  return out;
}

std::string RankLines::take_overdue(model::OutputStream stream) {
  std::string out;
  if (labels_ == Labels::rank) return out;
  for (auto& [from, piece] : pieces_) {
    if (from.second != stream || piece.text.empty()) continue;
    if (piece.is_overdue) {
      pass_on(from.first, piece, false, out);
    } else {
      piece.is_overdue = true;
    }
  }
  return out;
}

std::string RankLines::finish(model::OutputStream stream) {
  std::string out;
  for (auto& [from, piece] : pieces_) {
    if (from.second == stream && !piece.text.empty()) pass_on(from.first, piece, false, out);
  }
  return out;
}

bool RankLines::holds_pieces() const {
  return labels_ == Labels::none &&
         std::ranges::any_of(pieces_, [](const auto& entry) { return !entry.second.text.empty(); });
}

}  // namespace render
