// tidy: reads every file that git knows, and prints what breaks the house rules. Run from the
// repository's root.

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "lib/base/text.h"
#include "tests/tidy/exempt.h"
#include "tests/tidy/rules.h"

namespace {

base::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return base::fail(base::Code::io, fmt::format("cannot read '{}'", path));
  }
  return text.str();
}

/// Tracked files, and new ones that git does not ignore.
base::Result<std::vector<std::string>> tracked_files() {
  FILE* pipe = popen("git ls-files --cached --others --exclude-standard", "r");
  if (pipe == nullptr) {
    return base::fail(base::Code::io, "cannot run git");
  }
  std::string listing;
  std::array<char, 1 << 12> piece;
  while (const std::size_t got = fread(piece.data(), 1, piece.size(), pipe)) {
    listing.append(piece.data(), got);
  }
  if (pclose(pipe) != 0) {
    return base::fail(base::Code::io, "git ls-files failed: run this inside the repository");
  }
  std::vector<std::string> files;
  for (const auto file : base::split(base::trim(listing), '\n')) {
    files.emplace_back(file);
  }
  return files;
}

base::Result<std::vector<tidy::Source>> read_tree() {
  const auto files = tracked_files();
  if (!files) {
    return std::unexpected(files.error());
  }
  std::vector<tidy::Source> tree;
  for (const auto& path : *files) {
    const auto text = read_file(path);
    // A file that was deleted but not yet committed is of no interest, nor is binary data.
    if (text && !text->empty() && !text->contains('\0')) {
      tree.push_back(tidy::make_source(path, *text));
    }
  }
  return tree;
}

base::Result<tidy::Findings> findings() {
  const auto tree = read_tree();
  if (!tree) {
    return std::unexpected(tree.error());
  }
  const auto text = read_file("tests/tidy/exempt.txt");
  if (!text) {
    return std::unexpected(text.error());
  }
  const auto exemptions = tidy::parse_exemptions(*text);
  if (!exemptions) {
    return std::unexpected(base::Error(exemptions.error()).in("tests/tidy/exempt.txt"));
  }
  return tidy::without_exempt(tidy::check_tree(*tree), *exemptions);
}

}  // namespace

int main() {
  const auto found = findings();
  if (!found) {
    fmt::print(stderr, "tidy: {}\n", found.error().text);
    return 2;
  }
  for (const auto& finding : *found) {
    fmt::print("{}:{}: {}: {}\n", finding.path, finding.line, finding.rule, finding.text);
  }
  fmt::print("tidy: {}\n", base::plural(static_cast<std::int64_t>(found->size()), "finding"));
  return found->empty() ? 0 : 1;
}
