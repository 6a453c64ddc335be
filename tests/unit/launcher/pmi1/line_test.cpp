#include "launcher/pmi1/line.h"

#include "tests/support/catch.h"

namespace {

using pmi1::Line;
using pmi1::LineReader;

std::vector<std::string> lines_of(LineReader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    auto line = reader.next();
    REQUIRE(line);
    if (!*line) return lines;
    lines.push_back(**line);
  }
}

}  // namespace

TEST_CASE("lines come out whole, however they arrive") {
  const std::string sent = "cmd=init pmi_version=1\n\ncmd=get_maxes\ncmd=fin";
  const std::vector<std::string> expected{"cmd=init pmi_version=1", "", "cmd=get_maxes"};
  for (std::size_t piece = 1; piece <= sent.size(); ++piece) {
    LineReader reader;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < sent.size(); at += piece) {
      reader.feed(sent.substr(at, piece));
      for (auto& line : lines_of(reader)) lines.push_back(line);
    }
    CHECK(lines == expected);
  }
}

TEST_CASE("a line of the limit is read, a longer one is an error, with its end or without") {
  for (const bool has_end : {true, false}) {
    LineReader reader;
    reader.feed(std::string(pmi1::line_limit, 'x') + (has_end ? "\n" : ""));
    CHECK(lines_of(reader).size() == (has_end ? 1U : 0U));

    LineReader longer;
    longer.feed(std::string(pmi1::line_limit + 1, 'x') + (has_end ? "\n" : ""));
    const auto refused = longer.next();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text.find("longer than 4096") != std::string::npos);
  }
}

TEST_CASE("a line is its pairs") {
  struct Case {
    std::string text;
    std::string command;
    std::string key;
    std::optional<std::string> value;
  };
  const std::vector<Case> cases{
      {"cmd=init pmi_version=1 pmi_subversion=1", "init", "pmi_version", "1"},
      {"cmd=put kvsname=k key=a value=b=c=", "put", "value", "b=c="},
      {"cmd=put kvsname=k key=a value=", "put", "value", ""},
      {"cmd=put  key=a   value=b ", "put", "value", "b"},
      {"cmd=get key=a key=b", "get", "key", "a"},
      {"cmd=barrier_in", "barrier_in", "key", std::nullopt},
      {"mcmd=spawn", "spawn", "nprocs", std::nullopt},
      {"cmd=abort exitcode=3 message=it broke", "abort", "exitcode", "3"},
      {"cmd=abort it=broke in two exitcode=3", "abort", "exitcode", "3"},
  };
  for (const auto& each : cases) {
    INFO(each.text);
    const auto line = Line::parse(each.text);
    REQUIRE(line);
    CHECK(line->command() == each.command);
    const auto* value = line->find(each.key);
    REQUIRE((value != nullptr) == each.value.has_value());
    if (value != nullptr) CHECK(*value == *each.value);
  }
}

TEST_CASE("a line that is none is refused with its text") {
  for (const std::string text :
       {"hello", "cmd", "=1", "cmd=put key=a value=b c", "key=a cmd=get", " ", "cmd=put =x"}) {
    INFO(text);
    const auto line = Line::parse(text);
    REQUIRE_FALSE(line);
    CHECK(line.error().code == base::Code::invalid);
    CHECK(line.error().text.find("'" + text + "'") != std::string::npos);
  }
}
