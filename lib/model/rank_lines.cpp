#include "lib/model/rank_lines.h"

#include <fmt/format.h>

#include <iterator>

namespace model {

namespace {

constexpr std::size_t line_limit = 1 << 16;

}  // namespace

std::string RankLines::take(int rank, OutputStream stream, std::string_view bytes) {
  const auto at = pieces_.try_emplace({rank, stream}).first;
  auto& piece = at->second.text;
  std::string out;
  if (labels_ == Labels::rank) {
    label_lines(rank, piece, bytes, out);
  } else if (const auto end = bytes.rfind('\n'); end != std::string_view::npos) {
    out = std::exchange(piece, {});
    out += bytes.substr(0, end + 1);
    at->second.is_overdue = false;
    bytes.remove_prefix(end + 1);
  }
  piece += bytes;
  if (piece.size() >= line_limit) {
    out += ended(rank, std::exchange(piece, {}));
  }
  if (piece.empty()) pieces_.erase(at);
  return out;
}

/// Takes the whole lines out of `bytes`.
void RankLines::label_lines(int rank, std::string& piece, std::string_view& bytes,
                            std::string& out) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    fmt::format_to(std::back_inserter(out), "{}: {}{}\n", rank, piece, bytes.substr(0, end));
    piece.clear();
    bytes.remove_prefix(end + 1);
  }
}

/// With labels even a piece becomes a line.
std::string RankLines::ended(int rank, std::string piece) const {
  return labels_ == Labels::rank ? fmt::format("{}: {}\n", rank, piece) : piece;
}

std::string RankLines::take_overdue(OutputStream stream) {
  std::string out;
  if (labels_ == Labels::rank) return out;
  for (auto& [from, piece] : pieces_) {
    if (from.second != stream) continue;
    if (piece.is_overdue) out += piece.text;
    if (std::exchange(piece.is_overdue, true)) piece.text.clear();
  }
  std::erase_if(pieces_, [](const auto& entry) { return entry.second.text.empty(); });
  return out;
}

std::string RankLines::finish(OutputStream stream) {
  std::string out;
  for (auto& [from, piece] : pieces_) {
    if (from.second == stream) out += ended(from.first, std::move(piece.text));
  }
  std::erase_if(pieces_, [stream](const auto& entry) { return entry.first.second == stream; });
  return out;
}

}  // namespace model
