#pragma once
// What is in a file of TOML, as plain values that know where they stand.

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace conf {

/// In a file, both from 1.
struct TomlPlace {
  int line = 1;
  int column = 1;

  bool operator==(const TomlPlace&) const = default;
};

struct TomlEntry;

struct TomlValue {
  enum class Kind { text, integer, decimal, truth, time, list, table };

  Kind kind = Kind::table;
  TomlPlace place;
  std::string text;                // of what is no list and no table: "true", "7", "16:00:00"
  std::vector<TomlValue> items;    // of a list
  std::vector<TomlEntry> entries;  // of a table, in the order of the file
};

struct TomlEntry {
  std::string key;
  TomlPlace place;  // of the key
  TomlValue value;
};

/// The table of a whole file, named `name` in errors.
/// errors: invalid: "NAME:LINE:COLUMN: ..." for what is no TOML
base::Result<TomlValue> read_toml(std::string_view text, std::string_view name);

/// The value for the person who wrote it: "\"text\"", "7", "a list".
std::string shown(const TomlValue& value);

}  // namespace conf
