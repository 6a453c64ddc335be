#include "conf/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace conf {

namespace {

template <class Member>
void assign(Member& member, const Value& value) {
  if constexpr (std::is_same_v<Member, int> || std::is_same_v<Member, std::optional<int>>) {
    member = static_cast<int>(std::get<std::int64_t>(value));
  } else if constexpr (std::is_same_v<Member, std::optional<base::Bytes>>) {
    member = std::get<base::Bytes>(value);
  } else {
    member = std::get<Member>(value);
  }
}

#define PART_KEY(section, parts, name, type, fallback, range, help) \
  PART_KEY_AS(section, parts, name, name, type, fallback, range, help)

constexpr auto all_sections = std::to_array<Section>({
#define SECTION(name, help) {#name, help, false},
#define PARTS(name, help) {#name, help, true},
#define KEY(section, name, type, fallback, range, help)
#define PART_KEY_AS(section, parts, name, member, type, fallback, range, help)
#include "conf/keys.def"
#undef SECTION
#undef PARTS
#undef KEY
#undef PART_KEY_AS
});

constexpr auto all_keys = std::to_array<Key>({
#define SECTION(name, help)
#define PARTS(name, help)
#define KEY(section, name, type, fallback, range, help)                                            \
  {#section, #name, KeyType::type, fallback, range, help, [](Config& config, const Value& value) { \
     assign(config.section.name, value);                                                           \
   }},
#define PART_KEY_AS(section, parts, name, member, type, fallback, range, help)                     \
  {#section, #name, KeyType::type, fallback, range, help, [](Config& config, const Value& value) { \
     assign(config.parts.back().member, value);                                                    \
   }},
#include "conf/keys.def"
#undef SECTION
#undef PARTS
#undef KEY
#undef PART_KEY_AS
});

#undef PART_KEY

bool is_name(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 64 && is_alphanumeric(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

/// The value without a look at the range.
std::optional<Value> parse_type(KeyType type, std::string_view text) {
  switch (type) {
    case KeyType::name:
      return is_name(text) ? std::optional<Value>(std::string(text)) : std::nullopt;
    case KeyType::names: {
      std::vector<std::string> names;
      for (const auto name : base::split(text, ' ')) {
        if (!is_name(name)) return std::nullopt;
        names.emplace_back(name);
      }
      return names;
    }
    case KeyType::texts:
      return text.empty() ? std::nullopt
                          : std::optional<Value>(std::vector<std::string>{std::string(text)});
    case KeyType::nodes: {
      auto names = model::expand_hosts(text);
      if (!names) return std::nullopt;
      std::ranges::sort(*names);
      return std::ranges::all_of(*names, is_name) ? std::optional<Value>(*std::move(names))
                                                  : std::nullopt;
    }
    case KeyType::who:
      return is_name(text) || text == "*" ? std::optional<Value>(std::string(text)) : std::nullopt;
    case KeyType::flag:
      return text == "true" || text == "false" ? std::optional<Value>(text == "true")
                                               : std::nullopt;
    case KeyType::table:  // only a file has tables
      return std::nullopt;
    case KeyType::path:
    case KeyType::command:
    case KeyType::choice:
      return text.empty() ? std::nullopt : std::optional<Value>(std::string(text));
    case KeyType::count: {
      const auto number =
          base::parse_int(text, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
      return number ? std::optional<Value>(*number) : std::nullopt;
    }
    case KeyType::size: {
      const auto size = base::parse_memory(text);
      return size ? std::optional<Value>(*size) : std::nullopt;
    }
    case KeyType::duration: {
      const auto duration = base::parse_duration(text);
      return duration ? std::optional<Value>(*duration) : std::nullopt;
    }
  }
  base::check(false, "every key type is parsed");
  return std::nullopt;
}

std::pair<std::string_view, std::string_view> bounds(const Key& key) {
  const auto dots = key.range.find("..");
  base::check(dots != std::string_view::npos, "a range is written low..high");
  return {key.range.substr(0, dots), key.range.substr(dots + 2)};
}

bool is_in_range(const Key& key, const Value& value) {
  if (key.range.empty()) return true;
  if (key.type == KeyType::choice) {
    const auto choices = base::split(key.range, '|');
    return std::ranges::find(choices, std::get<std::string>(value)) != choices.end();
  }
  const auto [low, high] = bounds(key);
  return parse_type(key.type, low) <= value && value <= parse_type(key.type, high);
}

std::string_view type_text(KeyType type) {
  switch (type) {
    case KeyType::name:
      return "a name of letters, digits, '-', '_' and '.'";
    case KeyType::names:
      return "a list of names such as [\"one\", \"two\"]";
    case KeyType::texts:
      return "a list of texts such as [\"one\", \"two\"]";
    case KeyType::nodes:
      return "a list of nodes such as [\"n[1-4]\", \"n7\"]";
    case KeyType::who:
      return "a name, or \"*\" for each one";
    case KeyType::flag:
      return "true or false";
    case KeyType::table:
      return "a table";
    case KeyType::path:
      return "a path";
    case KeyType::command:
      return "a command of sh";
    case KeyType::choice:
      return "";
    case KeyType::count:
      return "a whole number";
    case KeyType::size:
      return "a size such as \"4M\"";
    case KeyType::duration:
      return "a duration such as \"10s\"";
  }
  base::check(false, "every key type has a text");
  return {};
}

}  // namespace

std::span<const Section> sections() {
  return all_sections;
}

bool is_repeated(std::string_view section) {
  return std::ranges::find(all_sections, section, &Section::name)->is_repeated;
}

std::span<const Key> keys() {
  return all_keys;
}

std::optional<Value> parse_value(const Key& key, std::string_view text) {
  auto value = parse_type(key.type, text);
  if (value && !is_in_range(key, *value)) value.reset();
  return value;
}

std::string range_text(const Key& key) {
  if (key.range.empty()) return "";
  if (key.type != KeyType::choice) {
    const auto [low, high] = bounds(key);
    return fmt::format("{} to {}", low, high);
  }
  std::string text;
  const auto choices = base::split(key.range, '|');
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += choices[i];
  }
  return text;
}

std::string expected_text(const Key& key) {
  if (key.type == KeyType::choice) return range_text(key);
  const auto range = range_text(key);
  return range.empty() ? std::string(type_text(key.type))
                       : fmt::format("{}, from {}", type_text(key.type), range);
}

std::string default_text(const Key& key) {
  const bool is_bare = key.type == KeyType::count || key.type == KeyType::flag;
  return is_bare ? std::string(key.fallback) : fmt::format("\"{}\"", key.fallback);
}

std::string place_name(const Pool& pool, int place) {
  return fmt::format("{}-{}", pool.name, place);
}

bool has_place(const Pool& pool, std::string_view name) {
  if (!pool.has_program() || name.size() <= pool.name.size() + 1) return false;
  if (!name.starts_with(pool.name) || name[pool.name.size()] != '-') return false;
  const auto number = name.substr(pool.name.size() + 1);
  return number.front() != '0' && base::parse_int(number, 1, pool.nodes).has_value();
}

Config defaults() {
  Config config;
  for (const auto& key : all_keys) {
    if (is_repeated(key.section) || key.fallback.empty()) continue;
    const auto value = parse_value(key, key.fallback);
    base::check(value.has_value(), "a default is a value of its key");
    key.set(config, *value);
  }
  return config;
}

}  // namespace conf
