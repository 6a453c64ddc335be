// The journals of all releases still decode, to what they meant (tests/journals/README.md).

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "lib/wire/fact.h"
#include "tests/support/catch.h"
#include "tests/unit/lib/wire/golden.h"

namespace {

struct Line {
  std::string kind;
  int version = 0;
  std::string body;
};

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::vector<Line> read_journal(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file.is_open());
  std::vector<Line> lines;
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    Line line;
    std::string hex;
    words >> line.kind >> line.version >> hex;
    line.body = from_hex(hex);
    lines.push_back(line);
  }
  return lines;
}

std::filesystem::path journals() {
  return std::filesystem::path(__FILE__).parent_path() / "../../../journals";
}

}  // namespace

TEST_CASE("the journal of every release decodes") {
  std::set<std::string> kinds;
  for (const auto& entry : std::filesystem::directory_iterator(journals())) {
    if (entry.path().extension() != ".facts") continue;
    for (const auto& line : read_journal(entry.path())) {
      const auto fact = wire::decode_fact(line.body, line.version);
      INFO(entry.path() << " " << line.kind << (fact ? "" : ": " + fact.error().text));
      REQUIRE(fact.has_value());
      CHECK(model::kind_of(fact->body) == line.kind);
      kinds.insert(line.kind);
    }
  }
  // A new kind needs a line in the newest journal.
  CHECK(kinds.size() == model::FactTypes::count);
}

TEST_CASE("the journal of 0.1.0 means what it meant") {
  const auto lines = read_journal(journals() / "0.1.0.facts");
  const auto facts = support::golden_facts();
  REQUIRE(lines.size() == facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    INFO(lines[i].kind);
    CHECK(wire::decode_fact(lines[i].body, lines[i].version) == facts[i]);
  }
}

TEST_CASE("the lines of a journal for tests/journals", "[.][golden]") {
  for (const auto& fact : support::golden_facts()) {
    std::printf("%s %d ", std::string(model::kind_of(fact.body)).c_str(), wire::fact_version);
    for (const char c : wire::encode(fact)) std::printf("%02x", static_cast<unsigned char>(c));
    std::printf("\n");
  }
}
