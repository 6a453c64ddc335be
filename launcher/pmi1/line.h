#pragma once
// Lines of PMI-1: "cmd=put kvsname=k key=a value=b". Pairs are parted by blanks; no value has one.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace pmi1 {

/// No client sends longer ones: values have at most 1024 characters.
constexpr std::size_t line_limit = 4096;

/// Cuts what a client sends into lines, however it arrives.
class LineReader {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  /// The next complete line without its end, nullopt if more bytes are needed; error invalid, for
  /// good, when a line is longer than the limit.
  base::Result<std::optional<std::string>> next();

 private:
  std::string buffer_;
};

/// The pairs of a line. The first says what it is: "cmd", or "mcmd" for the first of several lines.
class Line {
 public:
  /// errors    invalid: a word without '=', no "cmd" or "mcmd" in front. A message that aborts may
  ///           have words without '=': nothing may stop it.
  static base::Result<Line> parse(std::string_view text);

  const std::string& command() const { return pairs_.front().second; }
  /// Null if there is none.
  const std::string* find(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace pmi1
