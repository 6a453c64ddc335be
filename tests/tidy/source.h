#pragma once
// One file of the tree, cut up for the rules: its lines as written, its code without comments and
// literals, and its comments alone. All three have the same line numbers.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidy {

struct Source {
  std::string path;  // from the repository's root
  std::vector<std::string> lines;
  std::vector<std::string> code;      // comments and the insides of literals are blanks
  std::vector<std::string> comments;  // everything but the text of comments is blanks

  bool is_cpp() const;
  bool is_header() const;
  bool is_script() const;
  bool is_code() const { return is_cpp() || is_script() || is_build(); }
  bool is_build() const;
};

/// Something that breaks a rule.
struct Finding {
  std::string path;
  std::size_t line;
  std::string rule;
  std::string text;

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

Source make_source(std::string path, std::string_view text);

/// The names of the quoted or bracketed includes of a file, with the character that opens them.
struct Include {
  std::size_t line;
  bool quoted;
  std::string name;
};
std::vector<Include> includes_of(const Source& source);

/// The folder part of a path, without the last slash; "" at the root.
std::string_view folder_of(std::string_view path);

/// Whether `path` is `folder` or lies below it.
bool is_below(std::string_view path, std::string_view folder);

}  // namespace tidy
