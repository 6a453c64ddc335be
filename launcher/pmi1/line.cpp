#include "launcher/pmi1/line.h"

#include <algorithm>

#include "lib/base/text.h"

namespace pmi1 {

namespace {

std::unexpected<base::Error> unreadable(std::string_view line, std::string_view why) {
  return base::fail(base::Code::invalid,
                    "the line '" + base::printable(line) + "' of PMI-1 " + std::string(why));
}

}  // namespace

base::Result<std::optional<std::string>> LineReader::next() {
  const auto end = buffer_.find('\n');
  if (std::min(end, buffer_.size()) > line_limit) {
    return unreadable(buffer_, "is longer than " + std::to_string(line_limit) + " characters");
  }
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

base::Result<Line> Line::parse(std::string_view text) {
  Line line;
  for (const auto word : base::split(text, ' ')) {
    if (word.empty()) continue;
    const auto equals = word.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      line.pairs_.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    } else if (line.pairs_.empty() || line.command() != "abort") {
      return unreadable(text,
                        "has the word '" + base::printable(word) + "', which is no key=value");
    }
  }
  const std::string first = line.pairs_.empty() ? "" : line.pairs_.front().first;
  if (first != "cmd" && first != "mcmd") return unreadable(text, "does not begin with 'cmd='");
  return line;
}

const std::string* Line::find(std::string_view key) const {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(),
                                  [key](const auto& pair) { return pair.first == key; });
  return found == pairs_.end() ? nullptr : &found->second;
}

}  // namespace pmi1
