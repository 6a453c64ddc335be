#pragma once
// Output of ranks as whole lines, so that lines of several ranks do not mix.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "lib/model/head_message.h"

namespace model {

enum class Labels { none, rank };  // rank: "0: " in front of each line of rank 0

class RankLines {
 public:
  explicit RankLines(Labels labels) : labels_(labels) {}

  /// The lines that are complete now. Of a line longer than 64 KiB what there is.
  std::string take(int rank, OutputStream stream, std::string_view bytes);

  /// Pieces of lines of a stream, a prompt or a progress bar perhaps, that were here at the last
  /// call already. None with labels.
  std::string take_overdue(OutputStream stream);

  /// The unfinished lines of a stream; with labels they are ended.
  std::string finish(OutputStream stream);

  /// Whether take_overdue() will have something by and by.
  bool holds_pieces() const { return labels_ == Labels::none && !pieces_.empty(); }

 private:
  struct Piece {
    std::string text;
    bool is_overdue = false;
  };

  static void label_lines(int rank, std::string& piece, std::string_view& bytes, std::string& out);
  std::string ended(int rank, std::string piece) const;

  Labels labels_;
  std::map<std::pair<int, OutputStream>, Piece> pieces_;  // of lines that are not complete
};

}  // namespace model
