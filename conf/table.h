#pragma once
// The rows of conf/keys.def, and what their types accept.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conf/config.h"

namespace conf {

enum class KeyType {
  name,      // letters, digits, '-', '_' and '.', starting with a letter or digit
  names,     // a list of such names
  nodes,     // a list of names of nodes, each of which may be a list such as n[1-4]
  path,      // any text that is not empty
  command,   // of sh, the same
  texts,     // a list of such texts
  choice,    // one of a few words
  count,     // a whole number
  size,      // text such as "4M"
  duration,  // text such as "10s"
  who,       // such a name, or "*"
  flag,      // true or false
  table,     // a table of whatever keys
};

using Value = std::variant<std::string, std::int64_t, base::Bytes, base::Duration,
                           std::vector<std::string>, bool>;

struct Key {
  std::string_view section;
  std::string_view name;
  KeyType type;
  std::string_view fallback;  // the default as text; "*": must be given; "": none
  std::string_view range;     // "low..high", "a|b" or ""
  std::string_view help;
  /// Stores a value of the key's type; keys of a pool or class store into the last one.
  void (*set)(Config&, const Value&);

  bool is_required() const { return fallback == "*"; }
};

struct Section {
  std::string_view name;
  std::string_view help;
  bool is_repeated;  // [[pool]]: there may be several
};

bool is_repeated(std::string_view section);

std::span<const Section> sections();
std::span<const Key> keys();

/// The value that `text` means for the key; nullopt when it means none or is out of range.
std::optional<Value> parse_value(const Key& key, std::string_view text);

/// What the key accepts: `a duration such as "10s", from 0s to 1h`.
std::string expected_text(const Key& key);

/// The bounds or choices alone, for documents: "0s to 1h", "text or json", "" where there are none.
std::string range_text(const Key& key);

/// The default as it is written in a file: `"10s"`, `5`.
std::string default_text(const Key& key);

}  // namespace conf
