#include "tests/tidy/source.h"

#include <algorithm>

#include "lib/base/text.h"

namespace tidy {
namespace {

/// Goes through C++ text once and sends each character to code or comments, a blank to the other.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  void run() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("//")) {
        comment(std::min(rest.find('\n'), rest.size()));
      } else if (rest.starts_with("/*")) {
        const auto end = rest.find("*/", 2);
        comment(end == rest.npos ? rest.size() : end + 2);
      } else if (rest.starts_with("R\"")) {
        raw_string(rest);
      } else if (rest.front() == '"' || (rest.front() == '\'' && !inside_number())) {
        literal(rest.front());
      } else {
        emit(rest.front(), true);
      }
    }
  }

  std::string code;
  std::string comments;

 private:
  void emit(char c, bool is_code) {
    const char blank = c == '\n' ? '\n' : ' ';
    code.push_back(is_code ? c : blank);
    comments.push_back(blank);
    ++at_;
  }

  void comment(std::size_t length) {
    for (std::size_t i = 0; i < length; ++i, ++at_) {
      const char c = text_[at_];
      code.push_back(c == '\n' ? '\n' : ' ');
      comments.push_back(c);
    }
  }

  void raw_string(std::string_view rest) {
    const auto open = rest.find('(');
    const std::string close = ")" + std::string(rest.substr(2, open - 2)) + "\"";
    const auto end = rest.find(close, open);
    const std::size_t length = end == rest.npos ? rest.size() : end + close.size();
    for (std::size_t i = 0; i < length; ++i) {
      emit(text_[at_], i == 1 || i + 1 == length);
    }
  }

  void literal(char quote) {
    emit(quote, true);
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        emit(' ', false);
      }
      emit(text_[at_], false);
    }
    if (at_ < text_.size()) {
      emit(text_[at_], true);
    }
  }

  /// 10'000 has a digit separator, not a character.
  bool inside_number() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0 &&
           at_ + 1 < text_.size() &&
           std::isxdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0 &&
           (at_ + 2 >= text_.size() || text_[at_ + 2] != '\'');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::vector<std::string> lines_of(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  std::vector<std::string> lines;
  for (const auto line : base::split(text, '\n')) {
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace

bool Source::is_header() const {
  return path.ends_with(".h");
}

bool Source::is_cpp() const {
  return is_header() || path.ends_with(".cpp") || path.ends_with(".cu");
}

bool Source::is_script() const {
  return path.ends_with(".sh") || lines.front().starts_with("#!");
}

bool Source::is_build() const {
  return path.ends_with("CMakeLists.txt") || path.ends_with(".cmake") || path.ends_with(".proto");
}

Source make_source(std::string path, std::string_view text) {
  Source source{.path = std::move(path), .lines = lines_of(text), .code = {}, .comments = {}};
  if (source.is_cpp()) {
    Splitter splitter(text);
    splitter.run();
    source.code = lines_of(splitter.code);
    source.comments = lines_of(splitter.comments);
  } else {
    source.code = source.lines;
    source.comments.assign(source.lines.size(), "");
  }
  return source;
}

std::vector<Include> includes_of(const Source& source) {
  std::vector<Include> includes;
  for (std::size_t i = 0; source.is_cpp() && i < source.lines.size(); ++i) {
    if (!base::trim(source.code[i]).starts_with("#include")) {
      continue;
    }
    const std::string& line = source.lines[i];
    const auto open = line.find_first_of("\"<");
    const auto close = line.find_first_of("\">", open + 1);
    if (open != line.npos && close != line.npos) {
      includes.push_back({.line = i + 1,
                          .quoted = line[open] == '"',
                          .name = line.substr(open + 1, close - open - 1)});
    }
  }
  return includes;
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash);
}

bool is_below(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

}  // namespace tidy
