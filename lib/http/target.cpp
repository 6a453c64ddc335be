#include "lib/http/target.h"

#include <optional>

#include "lib/base/text.h"

namespace http {

static std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

base::Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' && plus_is_blank ? ' ' : text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) {
      return base::fail(base::Code::invalid,
                        "'" + base::printable(text.substr(i, 3)) +
                            "' is not an escape: expected % and two hex digits");
    }
    const auto byte = static_cast<char>(*high * 16 + *low);
    if (byte == '\0') {
      return base::fail(base::Code::invalid, "an escaped NUL is not allowed");
    }
    decoded += byte;
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view safe = "-._~";
  std::string encoded;
  for (const char c : text) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_alphanumeric || safe.find(c) != safe.npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return encoded;
}

base::Result<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) {
    return base::fail(base::Code::invalid,
                      "the path '" + base::printable(text) + "' does not start with '/'");
  }
  const auto mark = text.find('?');
  auto path = percent_decode(text.substr(0, mark), false);
  if (!path) {
    return std::unexpected(std::move(path).error().in("path"));
  }
  Target target{.path = std::move(*path), .query = {}};
  if (mark == text.npos) {
    return target;
  }
  for (const auto pair : base::split(text.substr(mark + 1), '&')) {
    const auto equals = pair.find('=');
    auto key = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals == pair.npos ? "" : pair.substr(equals + 1), true);
    if (!key || !value) {
      return std::unexpected((key ? value : key).error().in("query"));
    }
    if (!key->empty()) {
      target.query[std::move(*key)] = std::move(*value);
    }
  }
  return target;
}

}  // namespace http
