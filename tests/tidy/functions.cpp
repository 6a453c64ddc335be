#include "tests/tidy/functions.h"

#include <algorithm>
#include <regex>

#include "lib/base/text.h"

namespace tidy {
namespace {

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Top-level commas between the parenthesis at `open` and its partner, plus one.
std::size_t count_parameters(std::string_view head, std::size_t open) {
  int depth = 0;
  std::size_t n_commas = 0;
  for (std::size_t i = open; i < head.size(); ++i) {
    const char c = head[i];
    const bool arrow = c == '>' && head[i - 1] == '-';
    if (c == '(' || c == '[' || c == '{' || c == '<') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}' || (c == '>' && !arrow)) {
      if (--depth == 0) {
        return base::trim(head.substr(open + 1, i - open - 1)).empty() ? 0 : n_commas + 1;
      }
    } else if (c == ',' && depth == 1) {
      ++n_commas;
    }
  }
  return n_commas + 1;
}

/// Where the parameter list opens: the first parenthesis behind a name that is not inside <>.
std::size_t parameters_open(std::string_view head) {
  int angles = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '<') {
      ++angles;
    } else if (head[i] == '>' && angles > 0) {
      --angles;
    } else if (head[i] == '(' && angles == 0 && i > 0 && is_name(head[i - 1])) {
      return i;
    }
  }
  return head.npos;
}

/// Walks over the file and keeps the text since the last statement ended, `head_`.
class Scanner {
 public:
  explicit Scanner(const Source& source) : source_(source) {}

  std::vector<Function> run() {
    for (line_ = 1; line_ <= source_.code.size(); ++line_) {
      const std::string& line = source_.code[line_ - 1];
      const bool continued = preprocessor_;
      preprocessor_ = (continued || base::trim(line).starts_with('#')) && line.ends_with('\\');
      if (continued || base::trim(line).starts_with('#')) {
        continue;
      }
      for (const char c : line) {
        step(c);
      }
      add(' ');
    }
    return functions_;
  }

 private:
  void step(char c) {
    if (body_depth_ > 0) {
      inside_body(c);
      return;
    }
    if (c == '(') {
      ++parens_;
    } else if (c == ')') {
      --parens_;
    }
    if (c == '{' && parens_ == 0 && initializers_ == 0) {
      open_brace();
    } else if (c == '{' || (c == '}' && initializers_ > 0)) {
      initializers_ += c == '{' ? 1 : -1;
      add(c);
    } else if ((c == ';' && parens_ == 0 && initializers_ == 0) || (c == '}' && parens_ == 0)) {
      if (c == ';') {
        declaration();
      }
      head_.clear();
    } else if (c == ':' && (head_ == "public" || head_ == "private" || head_ == "protected")) {
      head_.clear();
    } else {
      add(c);
    }
  }

  void inside_body(char c) {
    body_depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (body_depth_ == 0) {
      functions_.back().n_lines = line_ - functions_.back().first_line + 1;
      head_.clear();
    }
  }

  void add(char c) {
    if (head_.empty() && std::isspace(static_cast<unsigned char>(c)) != 0) {
      return;
    }
    if (head_.empty()) {
      head_line_ = line_;
    }
    head_.push_back(c);
  }

  void open_brace() {
    static const std::regex container(
        R"((^|[\s>])(namespace|class|struct|union|enum|extern)\b[^()]*$|^extern\b)");
    static const std::regex member_list(R"(\)\s*(noexcept\s*)?:\s)");
    const auto trimmed = base::trim(head_);
    const auto open = parameters_open(head_);
    if (std::regex_search(head_, container)) {
      head_.clear();
    } else if (open == head_.npos || head_.substr(0, open).contains('=') ||
               (std::regex_search(head_, member_list) && is_name(trimmed.back()) &&
                !trimmed.ends_with(" try"))) {
      initializers_ = 1;
      add('{');
    } else {
      record(open);
      body_depth_ = 1;
    }
  }

  void declaration() {
    const auto open = parameters_open(head_);
    static const std::regex no_function(R"(^(using|typedef|static_assert|return|friend class)\b)");
    if (open != head_.npos && !head_.substr(0, open).contains('=') &&
        !std::regex_search(head_, no_function)) {
      record(open);
    }
  }

  void record(std::size_t open) {
    std::size_t from = open;
    while (from > 0 && is_name(head_[from - 1])) {
      --from;
    }
    functions_.push_back({.name = head_.substr(from, open - from),
                          .first_line = head_line_,
                          .n_lines = 0,
                          .n_parameters = count_parameters(head_, open)});
  }

  const Source& source_;
  std::vector<Function> functions_;
  std::string head_;
  std::size_t line_ = 1;
  std::size_t head_line_ = 1;
  int parens_ = 0;
  int initializers_ = 0;
  int body_depth_ = 0;
  bool preprocessor_ = false;
};

}  // namespace

std::vector<Function> functions_of(const Source& source) {
  return Scanner(source).run();
}

}  // namespace tidy
