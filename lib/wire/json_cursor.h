#pragma once
// A place in JSON text (RFC 8259) that moves over one token at a time and says where it stands.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wire {

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  /// The first character of the next token, '\0' at the end of the text.
  char peek();

  /// Moves over `c` if it comes next.
  bool take(char c);

  /// Moves over `word` ("true", "null") if it comes next.
  bool take_word(std::string_view word);

  /// A string with its escapes replaced; nullopt, with the place at the fault, for a broken one.
  std::optional<std::string> string();

  /// The characters of a number as they stand; empty if none comes next.
  std::string_view number();

  bool at_end() { return peek() == '\0' && at_ == text_.size(); }

  /// "line 2, column 7", for people, of the place now.
  std::string place() const;

 private:
  bool escape(std::string& out);
  std::optional<unsigned> hex4();
  bool unicode_escape(std::string& out);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace wire
