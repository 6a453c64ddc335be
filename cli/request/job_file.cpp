#include "cli/request/job_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "conf/toml_tree.h"
#include "lib/base/text.h"
#include "lib/model/role.h"

namespace request {

namespace {

using conf::TomlEntry;
using conf::TomlPlace;
using conf::TomlValue;
using Kind = TomlValue::Kind;
using options::Option;

constexpr std::string_view job_file_suffix = ".toml";
constexpr std::string_view list_placeholder = "LIST";
constexpr std::string_view negation = "no-";
constexpr std::array<std::string_view, 3> further_keys{"script", "command", "env"};

/// A key of [[role]].
struct RoleKey {
  std::string_view name;
  Kind kind;
  std::string_view expected;
};

constexpr std::array<RoleKey, 8> role_keys{{
    {"name", Kind::text, "text, such as \"worker\""},
    {"count", Kind::integer, "a whole number"},
    {"per-node", Kind::truth, "true or false"},
    {"serves", Kind::truth, "true or false"},
    {"cores", Kind::integer, "a whole number"},
    {"gpus", Kind::integer, "a whole number"},
    {"memory", Kind::text, "text, such as \"8G\""},
    {"command", Kind::text, "a line of shell as text, such as \"./server -v\""},
}};

std::string unknown_key(std::string_view key, std::span<const std::string_view> known) {
  const auto nearest = base::nearest(key, known);
  return fmt::format("unknown key '{}'{}", base::printable(key),
                     nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

/// Takes a parsed file apart, and stops at the first mistake.
class FileReader {
 public:
  explicit FileReader(std::string_view name) : name_(name) {}

  base::Result<JobFile> read(const TomlValue& file);

 private:
  std::unexpected<base::Error> refuse(const TomlPlace& place, std::string_view what) const {
    return base::fail(base::Code::invalid, fmt::format("{}: {}", text_of(place), what));
  }
  /// What stands there is of another type.
  std::unexpected<base::Error> wrong(const TomlEntry& entry, std::string_view expected) const {
    return wrong(entry.key, entry.value, expected);
  }
  std::unexpected<base::Error> wrong(std::string_view key, const TomlValue& value,
                                     std::string_view expected) const {
    return refuse(value.place,
                  fmt::format("{}: expected {}, found {}", key, expected, shown(value)));
  }
  std::string text_of(const TomlPlace& place) const {
    return fmt::format("{}:{}:{}", name_, place.line, place.column);
  }
  void give(const Option& option, std::string_view key, std::string value, const TomlPlace& place);

  base::Result<void> take(const TomlEntry& entry);
  base::Result<void> take_script(const TomlEntry& entry);
  base::Result<void> take_command(const TomlEntry& entry);
  base::Result<void> take_environment(const TomlEntry& entry);
  base::Result<void> take_option(const Option& option, const TomlEntry& entry);
  base::Result<void> take_flag(const Option& option, const TomlEntry& entry);
  base::Result<void> take_mounts(const Option& option, const TomlEntry& entry);
  base::Result<void> take_roles(const Option& option, const TomlEntry& entry);
  base::Result<std::string> role_text(const TomlValue& role) const;
  base::Result<std::string> role_part(const TomlEntry& entry) const;

  std::string_view name_;
  std::span<const Option> table_ = table(Place::directive);
  JobFile file_;
};

base::Result<JobFile> FileReader::read(const TomlValue& file) {
  for (const auto& entry : file.entries) {
    if (auto taken = take(entry); !taken) return std::unexpected(taken.error());
  }
  return std::move(file_);
}

base::Result<void> FileReader::take(const TomlEntry& entry) {
  if (entry.key == "script") return take_script(entry);
  if (entry.key == "command") return take_command(entry);
  if (entry.key == "env") return take_environment(entry);
  const auto option = std::ranges::find(table_, std::string_view(entry.key), &Option::name);
  if (option == table_.end()) {
    std::vector<std::string_view> known(further_keys.begin(), further_keys.end());
    for (const auto& one : table_) known.push_back(one.name);
    return refuse(entry.place, unknown_key(entry.key, known));
  }
  if (option->id == static_cast<int>(OptionId::role)) return take_roles(*option, entry);
  if (option->id == static_cast<int>(OptionId::mount) && entry.value.kind == Kind::list)
    return take_mounts(*option, entry);
  return option->takes_value() ? take_option(*option, entry) : take_flag(*option, entry);
}

void FileReader::give(const Option& option, std::string_view key, std::string value,
                      const TomlPlace& place) {
  file_.options.push_back(
      {.given = {.id = option.id, .value = std::move(value), .written = std::string(key)},
       .place = text_of(place)});
}

base::Result<void> FileReader::take_script(const TomlEntry& entry) {
  if (!file_.command.empty())
    return refuse(entry.place, "script: there is a command too; give one of them");
  if (entry.value.kind != Kind::text)
    return wrong(entry, "the text of a script between ''' and '''");
  if (!entry.value.text.starts_with("#!")) {
    return refuse(entry.value.place,
                  "script: expected the text of a script, which begins with '#!' and the shell; to "
                  "run a file, say command = [\"./FILE\"]");
  }
  file_.script = entry.value.text;
  return {};
}

base::Result<void> FileReader::take_command(const TomlEntry& entry) {
  constexpr std::string_view expected =
      "a program and its arguments in a list, such as [\"python\", \"train.py\"]";
  if (file_.script) return refuse(entry.place, "command: there is a script too; give one of them");
  if (entry.value.kind != Kind::list || entry.value.items.empty()) return wrong(entry, expected);
  for (const auto& word : entry.value.items) {
    const bool is_word = word.kind == Kind::text || word.kind == Kind::integer;
    if (!is_word) return wrong(entry.key, word, "text or a whole number in the list");
    file_.command.push_back(word.text);
  }
  if (file_.command.front().empty())
    return wrong(entry.key, entry.value.items.front(), "the name of a program");
  return {};
}

base::Result<void> FileReader::take_environment(const TomlEntry& entry) {
  if (entry.value.kind != Kind::table) return wrong(entry, "a table, [env], of names and values");
  for (const auto& one : entry.value.entries) {
    if (one.key.empty() || one.key.find('=') != std::string::npos) {
      return refuse(one.place, fmt::format("env: '{}' is no name of a variable; expected one "
                                           "without '='",
                                           base::printable(one.key)));
    }
    if (one.value.kind != Kind::text && one.value.kind != Kind::integer)
      return wrong("env: " + base::printable(one.key), one.value, "text or a whole number");
    file_.environment[one.key] = one.value.text;
  }
  return {};
}

/// Its value becomes the text that would stand on the command line.
base::Result<void> FileReader::take_option(const Option& option, const TomlEntry& entry) {
  const auto& value = entry.value;
  const bool may_be_list = option.placeholder == list_placeholder;
  if (value.kind == Kind::list && may_be_list) {
    std::vector<std::string> parts;
    for (const auto& item : value.items) {
      if (item.kind != Kind::text && item.kind != Kind::integer)
        return wrong(entry.key, item, "text or whole numbers in the list");
      parts.push_back(item.text);
    }
    give(option, entry.key, base::join(parts, ","), value.place);
    return {};
  }
  if (value.kind == Kind::list || value.kind == Kind::table || value.kind == Kind::truth) {
    return wrong(entry, may_be_list ? "text, a number or a list of them" : "text or a number");
  }
  give(option, entry.key, value.text, value.place);
  return {};
}

/// `requeue = false` is no-requeue; any other flag is left out by false.
base::Result<void> FileReader::take_flag(const Option& option, const TomlEntry& entry) {
  if (entry.value.kind != Kind::truth) return wrong(entry, "true or false");
  if (entry.value.text == "true") {
    give(option, entry.key, "", entry.value.place);
    return {};
  }
  const bool is_negation = option.name.starts_with(negation);
  const auto opposite = is_negation ? std::string(option.name.substr(negation.size()))
                                    : std::string(negation) + std::string(option.name);
  const auto found = std::ranges::find(table_, std::string_view(opposite), &Option::name);
  if (found != table_.end()) give(*found, entry.key, "", entry.value.place);
  return {};
}

base::Result<void> FileReader::take_mounts(const Option& option, const TomlEntry& entry) {
  for (const auto& mount : entry.value.items) {
    if (mount.kind != Kind::text)
      return wrong(entry.key, mount, "text such as \"bind:/data:data:ro\"");
    give(option, entry.key, mount.text, mount.place);
  }
  return {};
}

base::Result<void> FileReader::take_roles(const Option& option, const TomlEntry& entry) {
  if (entry.value.kind != Kind::list) return wrong(entry, "tables, each under a line [[role]]");
  for (const auto& role : entry.value.items) {
    if (role.kind != Kind::text && role.kind != Kind::table)
      return wrong(entry.key, role, "a table [[role]], or text such as \"worker:4\"");
    auto text = role.kind == Kind::text ? base::Result<std::string>(role.text) : role_text(role);
    if (!text) return std::unexpected(text.error());
    give(option, entry.key, std::move(*text), role.place);
  }
  return {};
}

/// "worker:4:cores=2=./worker" of a table.
base::Result<std::string> FileReader::role_text(const TomlValue& role) const {
  std::string name;
  std::string count = ":1";
  std::string attributes;
  std::string command;
  for (const auto& entry : role.entries) {
    auto part = role_part(entry);
    if (!part) return std::unexpected(part.error());
    if (entry.key == "name") {
      name = *part;
    } else if (entry.key == "count") {
      count = *part;
    } else if (entry.key == "command") {
      command = *part;
    } else {
      attributes += *part;
    }
  }
  if (name.empty()) return refuse(role.place, "role: it has no name; say name = \"worker\"");
  return name + count + attributes + command;
}

/// What the key adds to the text of a role; checked alone, so that its own place is named.
base::Result<std::string> FileReader::role_part(const TomlEntry& entry) const {
  const auto* const key = std::ranges::find(role_keys, std::string_view(entry.key), &RoleKey::name);
  if (key == role_keys.end()) {
    std::array<std::string_view, role_keys.size()> known;
    std::ranges::transform(role_keys, known.begin(), &RoleKey::name);
    return refuse(entry.place, "role: " + unknown_key(entry.key, known));
  }
  const auto& value = entry.value;
  const auto shown_key = fmt::format("role: {}", key->name);
  const bool fits =
      value.kind == key->kind || (key->name == "memory" && value.kind == Kind::integer);
  if (!fits) return wrong(shown_key, value, key->expected);
  if (key->kind == Kind::truth)
    return value.text == "true" ? fmt::format(":{}", key->name) : std::string();
  const bool is_command = key->name == "command";
  if (!is_command && value.text.find_first_of(":=") != std::string::npos)
    return wrong(shown_key, value, fmt::format("{}, without ':' and '='", key->expected));
  std::string part = fmt::format(":{}={}", key->name, value.text);
  auto tried = "role:1" + part;
  if (key->name == "name") {
    part = value.text;
    tried = part + ":1";
  } else if (key->name == "count") {
    part = ":" + value.text;
    tried = "role" + part;
  } else if (is_command) {
    part = "=" + value.text;
    tried = "role:1" + part;
  }
  if (const auto role = model::role_from_text(tried); !role)
    return refuse(value.place, fmt::format("{}: {}", shown_key, role.error().text));
  return part;
}

}  // namespace

bool is_job_file(std::string_view name) {
  return name.ends_with(job_file_suffix);
}

base::Result<JobFile> read_job_file(std::string_view text, std::string_view name) {
  const auto file = conf::read_toml(text, name);
  if (!file) return std::unexpected(file.error());
  return FileReader(name).read(*file);
}

}  // namespace request
