#pragma once
// The end of what a terminal was sent, for whoever attaches to it later.

#include <string>
#include <string_view>

namespace mapping {

class Screen {
 public:
  /// Keeps the last 64 KiB.
  void take(std::string_view bytes);

  /// The last `rows` lines, the unfinished one included; 24 for 0.
  std::string_view last(int rows) const;

 private:
  std::string bytes_;
};

}  // namespace mapping
