#pragma once
// What is typed at a terminal whose program is elsewhere: a key of ours in front of those that are
// for us.

#include <string>
#include <string_view>

namespace request {

/// Ctrl-], then d: leave. Ctrl-] twice: one for the program. Before other keys it is the program's.
class EscapeKeys {
 public:
  struct Typed {
    std::string bytes;  // for the program
    bool leaves = false;

    bool operator==(const Typed&) const = default;
  };

  /// What is typed after the keys to leave is dropped.
  Typed take(std::string_view bytes);

 private:
  bool is_escaped_ = false;  // the last was the escape key
};

}  // namespace request
