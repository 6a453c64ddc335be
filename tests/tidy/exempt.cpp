#include "tests/tidy/exempt.h"

#include <fmt/format.h>

#include "lib/base/text.h"

namespace tidy {

base::Result<std::vector<Exemption>> parse_exemptions(std::string_view text) {
  std::vector<Exemption> exemptions;
  std::size_t n_lines = 0;
  for (const auto line : base::split(text, '\n')) {
    ++n_lines;
    if (base::trim(line).empty() || line.starts_with('#')) {
      continue;
    }
    const auto blank = line.find(' ');
    const auto colon = line.find(": ", blank + 1);
    if (blank == line.npos || colon == line.npos || base::trim(line.substr(colon + 1)).empty()) {
      return base::fail(base::Code::invalid,
                        fmt::format("line {}: expected 'RULE PATH: REASON', got '{}'", n_lines,
                                    base::printable(line)));
    }
    exemptions.push_back({.rule = std::string(line.substr(0, blank)),
                          .path = std::string(line.substr(blank + 1, colon - blank - 1)),
                          .line = n_lines});
  }
  return exemptions;
}

Findings without_exempt(Findings findings, const std::vector<Exemption>& exemptions) {
  Findings unneeded;
  for (const Exemption& exemption : exemptions) {
    const auto n_exempt = std::erase_if(findings, [&](const Finding& finding) {
      return finding.rule == exemption.rule && finding.path == exemption.path;
    });
    if (n_exempt == 0) {
      unneeded.push_back({.path = "tests/tidy/exempt.txt",
                          .line = exemption.line,
                          .rule = "exempt",
                          .text = fmt::format("{} keeps {} by itself: remove this line",
                                              exemption.path, exemption.rule)});
    }
  }
  findings.insert(findings.end(), unneeded.begin(), unneeded.end());
  return findings;
}

}  // namespace tidy
