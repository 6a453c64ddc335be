#define TOML_EXCEPTIONS 0
// The library asserts what it then refuses with an error, such as a line with '[' alone.
#define TOML_ASSERT(expr) static_assert(true)
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

#include "conf/change.h"
#include "conf/config.h"
#include "conf/quota_rules.h"
#include "conf/switches.h"
#include "conf/table.h"
#include "lib/base/text.h"
#include "lib/base/words.h"
#include "lib/model/mount.h"

namespace conf {

namespace {

/// What is in the file, for the person who wrote it.
std::string found_text(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    return fmt::format("\"{}\"", base::printable(text->get()));
  }
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  return "a date or time";
}

/// Names or texts in an array; parse_value takes them with spaces between.
std::optional<Value> names_of(const Key& key, const toml::node& node) {
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    const auto value = text == nullptr ? std::nullopt : parse_value(key, text->get());
    if (!value) return std::nullopt;
    const auto& found = std::get<std::vector<std::string>>(*value);
    if (key.type == KeyType::names && found.size() != 1) return std::nullopt;
    names.insert(names.end(), found.begin(), found.end());
  }
  if (key.type == KeyType::nodes) std::ranges::sort(names);
  return names;
}

std::string json_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

/// On one line. Dates and times are texts there, and so are numbers that are none.
std::string json_of(const toml::node& node) {
  std::vector<std::string> parts;
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table)
      parts.push_back(json_text(key.str()) + ":" + json_of(value));
    return "{" + base::join(parts, ",") + "}";
  }
  if (const auto* array = node.as_array()) {
    for (const auto& value : *array) parts.push_back(json_of(value));
    return "[" + base::join(parts, ",") + "]";
  }
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* text = node.as_string()) return json_text(text->get());
  const auto* number = node.as_floating_point();
  if (number != nullptr && std::isfinite(number->get())) return fmt::format("{}", number->get());
  std::ostringstream out;
  node.visit([&out](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) out << value.get();
  });
  return json_text(out.str());
}

/// A number is written as one, everything else as text.
std::optional<Value> value_of(const Key& key, const toml::node& node) {
  if (key.type == KeyType::table) {
    return node.is_table() ? std::optional<Value>(json_of(node)) : std::nullopt;
  }
  if (key.type == KeyType::count) {
    const auto* number = node.as_integer();
    return number != nullptr ? parse_value(key, fmt::format("{}", number->get())) : std::nullopt;
  }
  if (key.type == KeyType::flag) {
    const auto* truth = node.as_boolean();
    return truth != nullptr ? std::optional<Value>(truth->get()) : std::nullopt;
  }
  const bool is_list = key.type == KeyType::names || key.type == KeyType::nodes;
  if (is_list || key.type == KeyType::texts) return names_of(key, node);
  const auto* text = node.as_string();
  return text != nullptr ? parse_value(key, text->get()) : std::nullopt;
}

/// Keys that say what a local pool cuts out of this machine, and when; others do without.
constexpr std::array<std::string_view, 9> slice_keys{
    "nodes",    "min_nodes",     "max_nodes",     "idle_timeout",   "start_timeout",
    "gpu_kind", "cpus_per_node", "gpus_per_node", "memory_per_node"};

/// Keys of pools whose nodes a program makes.
constexpr std::array<std::string_view, 5> program_keys{
    "program", "program_timeout", "reconcile_interval", "node_life", "options"};

bool is_static(const toml::table& pool) {
  return pool["provider"].value_or(std::string_view()) == "static";
}

bool is_left_out(const Key& key, const toml::table& table) {
  return key.section == "pool" && is_static(table) &&
         std::ranges::find(slice_keys, key.name) != slice_keys.end();
}

/// Takes a parsed file apart, collecting the mistakes instead of stopping at the first.
class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name), config_(defaults()) {}

  void take(const toml::table& file);
  base::Result<Config> finish();

 private:
  void problem(const toml::node& where, std::string text);
  void take_section(const Section& section, const toml::node& node);
  void take_keys(std::string_view section, const toml::table& table);
  template <class Part>
  void take_each(const Section& section, const toml::node& node, std::vector<Part>& parts);
  void check_pools(const toml::table& file);
  void check_static(Pool& pool, const toml::table& table);
  void check_size(Pool& pool, const toml::table& table);
  void check_program(Pool& pool, const toml::table& table);
  void check_name(std::size_t place, const toml::table& table);
  void check_mounts(const Pool& pool, const toml::table& table);
  void check_classes(const toml::table& file);
  void check_switches(const toml::table& file);
  void check_quotas(const toml::table& file);
  void check_together(const toml::table& file);

  std::string name_;
  Config config_;
  std::vector<std::pair<toml::source_index, std::string>> problems_;  // by line
};

void Reader::problem(const toml::node& where, std::string text) {
  problems_.emplace_back(where.source().begin.line, std::move(text));
}

void Reader::take(const toml::table& file) {
  std::vector<std::string_view> known;
  for (const auto& section : sections()) known.push_back(section.name);
  for (const auto& [name, node] : file) {
    if (std::ranges::find(known, name.str()) != known.end()) {
      take_section(*std::ranges::find(sections(), name.str(), &Section::name), node);
    } else {
      problem(node, fmt::format("unknown section '{}'{}", base::printable(name.str()),
                                nearest_text(name.str(), known)));
    }
  }
  if (!file.contains("pool")) {
    problems_.emplace_back(0, "no [[pool]]; expected one or more");
  }
  if (!problems_.empty()) return;
  check_pools(file);
  check_together(file);
  check_classes(file);
  check_switches(file);
  check_quotas(file);
}

void Reader::take_section(const Section& section, const toml::node& node) {
  if (section.name == "pool") {
    take_each(section, node, config_.pools);
  } else if (section.name == "class") {
    take_each(section, node, config_.classes);
  } else if (section.name == "workspace") {
    take_each(section, node, config_.workspaces);
  } else if (section.name == "node") {
    take_each(section, node, config_.node_groups);
  } else if (section.name == "switch") {
    take_each(section, node, config_.switches);
  } else if (section.name == "license") {
    take_each(section, node, config_.licenses);
  } else if (section.name == "quota") {
    take_each(section, node, config_.quotas);
  } else if (const auto* table = node.as_table()) {
    take_keys(section.name, *table);
  } else {
    problem(node, fmt::format("'{}': expected the section [{}], found {}", section.name,
                              section.name, found_text(node)));
  }
}

void Reader::take_keys(std::string_view section, const toml::table& table) {
  std::vector<std::string_view> known;
  for (const auto& key : keys()) {
    if (key.section != section) continue;
    known.push_back(key.name);
    const auto* node = table.get(key.name);
    if (node == nullptr) {
      if (key.is_required() && !is_left_out(key, table)) {
        problem(table, fmt::format("'{}.{}': missing; expected {}", section, key.name,
                                   expected_text(key)));
      }
      continue;
    }
    if (const auto value = value_of(key, *node)) {
      key.set(config_, *value);
    } else {
      problem(*node, fmt::format("'{}.{}': expected {}, found {}", section, key.name,
                                 expected_text(key), found_text(*node)));
    }
  }
  for (const auto& [name, node] : table) {
    if (std::ranges::find(known, name.str()) == known.end()) {
      problem(node, fmt::format("'{}.{}': unknown key{}", section, base::printable(name.str()),
                                nearest_text(name.str(), known)));
    }
  }
}

/// Parts of which there may be several, each in a table [[section]], and named if they have names.
template <class Part>
void Reader::take_each(const Section& section, const toml::node& node, std::vector<Part>& parts) {
  const auto header = fmt::format("[[{}]]", section.name);
  const auto* array = node.as_array();
  if (array == nullptr) {
    problem(node,
            fmt::format("'{}': expected {} with two brackets, found {}", section.name, header,
                        node.is_table() ? fmt::format("[{}]", section.name) : found_text(node)));
    return;
  }
  if (array->empty())
    problem(node, fmt::format("'{}': expected one {} or more, found none", section.name, header));
  std::set<std::string> names;
  for (const auto& element : *array) {
    const auto* table = element.as_table();
    if (table == nullptr) {
      problem(element, fmt::format("'{}': expected {}, found {}", section.name, header,
                                   found_text(element)));
      continue;
    }
    parts.emplace_back();
    for (const auto& key : keys()) {
      if (key.section != section.name || key.fallback.empty() || key.is_required()) continue;
      key.set(config_, *parse_value(key, key.fallback));
    }
    take_keys(section.name, *table);
    if constexpr (requires { parts.back().name; }) {
      const auto& name = parts.back().name;
      if (!name.empty() && !names.insert(name).second) {
        problem(*table, fmt::format("'{}.name': a second {} named '{}'; expected a name of its own "
                                    "for each {}",
                                    section.name, section.name, name, section.name));
      }
    }
  }
}

/// Either a number of nodes, or bounds; static pools need somewhere to be reached, and have no
/// numbers.
void Reader::check_pools(const toml::table& file) {
  const auto* array = file["pool"].as_array();
  for (std::size_t i = 0; i < config_.pools.size(); ++i) {
    auto& pool = config_.pools[i];
    const auto& table = *(*array)[i].as_table();
    if (pool.provider == "static") {
      check_static(pool, table);
    } else {
      check_size(pool, table);
    }
    check_program(pool, table);
    check_name(i, table);
    check_mounts(pool, table);
  }
}

/// Made by the node for all, so at places that are the same for all.
void Reader::check_mounts(const Pool& pool, const toml::table& table) {
  std::set<std::string> targets;
  for (const auto& text : pool.mounts) {
    const auto& node = *table.get("mounts");
    const auto mount = model::mount_from_text(text);
    if (!mount) {
      problem(node, fmt::format("'pool.mounts': {}", mount.error().text));
    } else if (!mount->target.starts_with('/')) {
      problem(node, fmt::format("'pool.mounts': '{}': expected a target that is an absolute path, "
                                "found '{}'",
                                base::printable(text), base::printable(mount->target)));
    } else if (mount->kind == model::MountKind::overlay) {
      problem(node, fmt::format("'pool.mounts': '{}': an overlay is for one job's changes (submit "
                                "--mount); expected another kind",
                                base::printable(text)));
    } else if (!targets.insert(mount->target).second) {
      problem(node, fmt::format("'pool.mounts': a second mount at '{}'; expected one",
                                base::printable(mount->target)));
    }
  }
}

/// As providers see it, who take letters, digits and hyphens.
std::string cloud_name(const std::string& pool) {
  auto name = base::to_lower(pool);
  std::ranges::replace_if(name, [](char c) { return c == '_' || c == '.'; }, '-');
  return name;
}

/// Two pools must not see each other's machines as theirs.
void Reader::check_name(std::size_t place, const toml::table& table) {
  const auto& pool = config_.pools[place];
  for (std::size_t i = 0; i < place && pool.has_program(); ++i) {
    const auto& other = config_.pools[i];
    if (!other.has_program() || other.name == pool.name) continue;
    if (cloud_name(other.name) != cloud_name(pool.name)) continue;
    problem(
        *table.get("name"),
        fmt::format("'pool.name': for clouds '{}' is the same name as '{}', which take letters of "
                    "one case, digits and hyphens; expected one that differs in more",
                    pool.name, other.name));
  }
}

void Reader::check_static(Pool& pool, const toml::table& table) {
  pool.nodes = 0;
  for (const auto key : slice_keys) {
    if (const auto* node = table.get(key)) {
      problem(*node, fmt::format("'pool.{}': the machines of a static pool say themselves what "
                                 "they have; leave it out",
                                 key));
    }
  }
  if (config_.listen.agents.empty()) {
    problem(*table.get("provider"),
            "'pool.provider': the machines of a static pool dial in; expected listen.agents, such "
            "as \"tls:0.0.0.0:7443\"");
  }
}

void Reader::check_size(Pool& pool, const toml::table& table) {
  if (!pool.max_nodes) {
    if (const auto* node = table.get("min_nodes"))
      problem(*node, "'pool.min_nodes': expected max_nodes beside it");
    return;
  }
  if (const auto* node = table.get("nodes")) {
    problem(*node, "'pool.nodes': expected either nodes, or min_nodes and max_nodes");
  }
  pool.nodes = *pool.max_nodes;
  pool.min_nodes = pool.min_nodes.value_or(0);
  if (*pool.min_nodes > pool.nodes) {
    problem(*table.get("min_nodes"),
            fmt::format("'pool.min_nodes': expected at most max_nodes ({}), found {}", pool.nodes,
                        *pool.min_nodes));
  }
}

/// What makes machines that dial in.
void Reader::check_program(Pool& pool, const toml::table& table) {
  if (!pool.has_program()) {
    for (const auto key : program_keys) {
      if (const auto* node = table.get(key)) {
        problem(*node, fmt::format("'pool.{}': only for provider = \"exec\" or \"slurm\"; this "
                                   "pool has \"{}\"",
                                   key, pool.provider));
      }
    }
    return;
  }
  if (pool.program.empty() && pool.provider == "slurm") pool.program = "slurm";
  const auto* program = table.get("program");
  const auto words = base::split_words(pool.program);
  if (!words) {
    problem(*program, fmt::format("'pool.program': {}", words.error().text));
  } else if (words->empty()) {
    problem(program != nullptr ? *program : *table.get("provider"),
            "'pool.program': expected the program that makes the nodes, such as "
            "\"/usr/local/bin/machines\", or one that comes with Muster, such as \"azure\"");
  }
  if (pool.provider == "slurm" && pool.node_life == base::Duration()) {
    problem(*table.get("provider"),
            "'pool.node_life': missing; a pilot job of Slurm has a time limit, such as \"4h\"");
  }
  if (!pool.memory_per_node) {
    problem(*table.get("provider"),
            fmt::format("'pool.memory_per_node': missing; provider = \"{}\" makes machines, whose "
                        "memory must be known before they are there",
                        pool.provider));
  }
  if (config_.listen.agents.empty()) {
    problem(*table.get("provider"),
            fmt::format("'pool.provider': the machines of provider = \"{}\" dial in; expected "
                        "listen.agents, such as \"tls:0.0.0.0:7443\"",
                        pool.provider));
  }
}

/// Classes name each other.
void Reader::check_classes(const toml::table& file) {
  const auto known = class_names(config_);
  const auto* array = file["class"].as_array();
  for (std::size_t i = 0; i < config_.classes.size(); ++i) {
    for (const auto& name : config_.classes[i].preempts) {
      if (std::ranges::find(known, name) != known.end()) continue;
      problems_.emplace_back((*array)[i].source().begin.line,
                             fmt::format("'class.preempts': there is no class '{}'{}", name,
                                         nearest_text(name, known)));
    }
  }
}

/// Below a switch are known ones and nodes, each below no other, and not itself.
void Reader::check_switches(const toml::table& file) {
  const auto* array = file["switch"].as_array();
  for (auto& [place, text] : switch_problems(config_.switches))
    problems_.emplace_back((*array)[place].source().begin.line, std::move(text));
}

void Reader::check_quotas(const toml::table& file) {
  const auto* array = file["quota"].as_array();
  for (auto& [place, key, text] : quota_problems(config_)) {
    const auto& table = *(*array)[place].as_table();
    const auto* node = table.get(key);
    problem(node != nullptr ? *node : table, std::move(text));
  }
}

/// The line of a clash is that of the key most likely changed.
void Reader::check_together(const toml::table& file) {
  const auto line_of = [&](std::string_view section, std::string_view key) {
    const auto node = file[section][key];
    return node ? node.node()->source().begin.line : toml::source_index{0};
  };
  for (auto& [section, key, other, text] : clashes(config_)) {
    problems_.emplace_back(std::max(line_of(section, key), line_of(section, other)),
                           std::move(text));
  }
}

base::Result<Config> Reader::finish() {
  if (problems_.empty()) {
    auto& dir = config_.cluster.dir;
    const auto slash = name_.rfind('/');
    const auto folder = slash == std::string::npos ? "." : name_.substr(0, std::max(slash, 1UL));
    if (dir.empty()) {
      dir = folder;
    } else if (dir.front() != '/') {
      dir = folder + "/" + dir;
    }
    return std::move(config_);
  }
  std::ranges::stable_sort(problems_, {}, [](const auto& problem) { return problem.first; });
  std::string text;
  for (const auto& [line, what] : problems_) {
    if (!text.empty()) text += '\n';
    text += line == 0 ? fmt::format("{}: {}", name_, what)
                      : fmt::format("{}: line {}: {}", name_, line, what);
  }
  return base::fail(base::Code::invalid, std::move(text));
}

}  // namespace

base::Result<Config> read_text(std::string_view text, std::string_view name) {
  const auto parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return base::fail(base::Code::invalid,
                      fmt::format("{}: line {}: {}", name, error.source().begin.line,
                                  base::printable(error.description(), 300)));
  }
  Reader reader(name);
  reader.take(parsed.table());
  return reader.finish();
}

}  // namespace conf
