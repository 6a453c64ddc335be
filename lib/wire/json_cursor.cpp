#include "lib/wire/json_cursor.h"

#include <fmt/format.h>

#include <algorithm>

namespace wire {

namespace {

void append_utf8(unsigned code, std::string& out) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

bool is_text(char c) {
  return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
}

}  // namespace

char JsonCursor::peek() {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonCursor::take(char c) {
  if (peek() != c || at_ == text_.size()) return false;
  ++at_;
  return true;
}

bool JsonCursor::take_word(std::string_view word) {
  peek();
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

std::optional<std::string> JsonCursor::string() {
  if (!take('"')) return std::nullopt;
  std::string out;
  for (;;) {
    const auto start = at_;
    while (at_ < text_.size() && is_text(text_[at_])) ++at_;
    out += text_.substr(start, at_ - start);
    if (at_ == text_.size()) return std::nullopt;
    if (text_[at_] == '"') {
      ++at_;
      return out;
    }
    if (text_[at_] != '\\' || !escape(out)) return std::nullopt;
  }
}

bool JsonCursor::escape(std::string& out) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (at_ + 1 >= text_.size()) return false;
  const char letter = text_[at_ + 1];
  if (letter == 'u') return unicode_escape(out);
  const auto which = letters.find(letter);
  if (which == letters.npos) return false;
  out += meanings[which];
  at_ += 2;
  return true;
}

/// The four digits of "\uXXXX", which it moves over.
std::optional<unsigned> JsonCursor::hex4() {
  if (!text_.substr(at_).starts_with("\\u") || at_ + 6 > text_.size()) return std::nullopt;
  unsigned code = 0;
  for (const char c : text_.substr(at_ + 2, 4)) {
    const auto digit = hex_digit(c);
    if (!digit) return std::nullopt;
    code = code << 4 | *digit;
  }
  at_ += 6;
  return code;
}

bool JsonCursor::unicode_escape(std::string& out) {
  const auto code = hex4();
  if (!code || (*code >= 0xdc00 && *code <= 0xdfff)) return false;
  if (*code < 0xd800 || *code > 0xdbff) {
    append_utf8(*code, out);
    return true;
  }
  const auto low = hex4();
  if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
  append_utf8(0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00), out);
  return true;
}

std::string_view JsonCursor::number() {
  peek();
  const auto start = at_;
  constexpr std::string_view parts = "+-.0123456789Ee";
  while (at_ < text_.size() && parts.find(text_[at_]) != parts.npos) ++at_;
  return text_.substr(start, at_ - start);
}

std::string JsonCursor::place() const {
  const auto before = text_.substr(0, at_);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto newline = before.rfind('\n');
  const auto column = newline == before.npos ? at_ + 1 : at_ - newline;
  return fmt::format("line {}, column {}", line, column);
}

}  // namespace wire
