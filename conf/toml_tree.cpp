#define TOML_EXCEPTIONS 0
// The library asserts what it then refuses with an error, such as a line with '[' alone.
#define TOML_ASSERT(expr) static_assert(true)
#include "conf/toml_tree.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <tuple>
#include <utility>

#include "lib/base/text.h"

namespace conf {

namespace {

using Kind = TomlValue::Kind;

TomlPlace place_of(const toml::source_region& region) {
  return {.line = static_cast<int>(region.begin.line),
          .column = static_cast<int>(region.begin.column)};
}

template <class Time>
std::string time_text(const Time& time) {
  std::ostringstream out;
  out << time;
  return out.str();
}

/// What is neither a list nor a table.
TomlValue scalar_of(const toml::node& node) {
  TomlValue value{.kind = Kind::time, .place = place_of(node.source())};
  if (const auto* text = node.as_string()) {
    value.kind = Kind::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Kind::integer;
    value.text = fmt::format("{}", integer->get());
  } else if (const auto* decimal = node.as_floating_point()) {
    value.kind = Kind::decimal;
    value.text = fmt::format("{}", decimal->get());
  } else if (const auto* truth = node.as_boolean()) {
    value.kind = Kind::truth;
    value.text = truth->get() ? "true" : "false";
  } else if (const auto* date = node.as_date()) {
    value.text = time_text(date->get());
  } else if (const auto* time = node.as_time()) {
    value.text = time_text(time->get());
  } else if (const auto* moment = node.as_date_time()) {
    value.text = time_text(moment->get());
  }
  return value;
}

/// The library limits how deep values may be nested.
TomlValue value_of(const toml::node& node) {
  TomlValue value{.place = place_of(node.source())};
  if (const auto* array = node.as_array()) {
    value.kind = Kind::list;
    for (const auto& item : *array) value.items.push_back(value_of(item));
    return value;
  }
  const auto* table = node.as_table();
  if (table == nullptr) return scalar_of(node);
  for (const auto& [key, item] : *table) {
    value.entries.push_back(
        {.key = std::string(key.str()), .place = place_of(key.source()), .value = value_of(item)});
  }
  std::ranges::sort(value.entries, {}, [](const TomlEntry& entry) {
    return std::tuple(entry.place.line, entry.place.column);
  });
  return value;
}

}  // namespace

base::Result<TomlValue> read_toml(std::string_view text, std::string_view name) {
  const auto parsed = toml::parse(text);
  if (parsed) return value_of(parsed.table());
  const auto& error = parsed.error();
  const auto place = place_of(error.source());
  return base::fail(base::Code::invalid, fmt::format("{}:{}:{}: {}", name, place.line, place.column,
                                                     base::printable(error.description(), 300)));
}

std::string shown(const TomlValue& value) {
  switch (value.kind) {
    case Kind::text:
      return fmt::format("\"{}\"", base::printable(value.text));
    case Kind::list:
      return "a list";
    case Kind::table:
      return "a table";
    case Kind::integer:
    case Kind::decimal:
    case Kind::truth:
    case Kind::time:
      return value.text;
  }
  return {};
}

}  // namespace conf
