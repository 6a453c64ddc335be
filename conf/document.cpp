#include "conf/document.h"

#include <fmt/format.h>

#include <vector>

#include "conf/config.h"
#include "conf/table.h"
#include "lib/base/text.h"

namespace conf {

namespace {

constexpr std::string_view part_begin = ".\\\" Generated";
constexpr std::string_view part_end = ".\\\" End of generated";
constexpr std::size_t sample_width = 90;
constexpr std::size_t page_width = 76;

/// Comment lines with the words of `text`.
std::string comment(std::string_view text) {
  std::string lines;
  std::string line = "#";
  for (const auto word : base::split(text, ' ')) {
    if (line.size() + 1 + word.size() > sample_width) {
      lines += line + "\n";
      line = "#";
    }
    line += ' ';
    line += word;
  }
  return lines + line + "\n";
}

/// `Default "10s"; from 0s to 1h.`, as far as the key has them.
std::string facts_of(const Key& key) {
  std::vector<std::string> facts;
  if (key.is_required()) {
    facts.push_back("required");
  } else if (!key.fallback.empty()) {
    facts.push_back("default " + default_text(key));
  }
  if (!key.range.empty()) {
    facts.push_back((key.type == KeyType::choice ? "choices: " : "from ") + range_text(key));
  }
  if (facts.empty()) return "";
  auto text = base::join(facts, "; ") + ".";
  text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::name:
      return "name";
    case KeyType::names:
      return "names";
    case KeyType::texts:
      return "texts";
    case KeyType::nodes:
      return "nodes";
    case KeyType::who:
      return "who";
    case KeyType::flag:
      return "true or false";
    case KeyType::table:
      return "table";
    case KeyType::path:
      return "path";
    case KeyType::command:
      return "command";
    case KeyType::choice:
      return "word";
    case KeyType::count:
      return "number";
    case KeyType::size:
      return "size";
    case KeyType::duration:
      return "duration";
  }
  return "";
}

std::string header_of(const Section& section) {
  return fmt::format(fmt::runtime(is_repeated(section.name) ? "[[{}]]" : "[{}]"), section.name);
}

std::string sample_value(const Key& key) {
  if (!key.fallback.empty() && !key.is_required()) return default_text(key);
  switch (key.type) {
    case KeyType::name:
      return "\"default\"";
    case KeyType::names:
      return "[\"one\", \"two\"]";
    case KeyType::texts:
      return "[\"nfs:fs1:/data:/data:ro\"]";
    case KeyType::nodes:
      return "[\"n[1-4]\"]";
    case KeyType::who:
      return "\"*\"";
    case KeyType::flag:
      return "true";
    case KeyType::table:
      return "{ image = \"debian-12\", zone = 1 }";
    case KeyType::path:
      return "\"/var/lib/muster\"";
    case KeyType::command:
      return "\"/etc/muster/look-after-node\"";
    case KeyType::choice:
      return "\"\"";
    case KeyType::count:
      return "4";
    case KeyType::size:
      return "\"8G\"";
    case KeyType::duration:
      return "\"7d\"";
  }
  return "";
}

}  // namespace

std::string sample_text() {
  std::string text =
      "# muster.toml: the configuration of a cluster, with every key at its default.\n"
      "# Read by musterd; checked by: muster config check FILE. See muster.toml(5).\n";
  for (const auto& section : sections()) {
    const bool is_optional = is_repeated(section.name) && section.name != "pool";
    text += "\n" + comment(section.help);
    text += (is_optional ? "#" : "") + header_of(section) + "\n";
    for (const auto& key : keys()) {
      if (key.section != section.name) continue;
      text += "\n" + comment(key.help);
      if (const auto facts = facts_of(key); !facts.empty()) text += comment(facts);
      text += fmt::format("{}{} = {}\n", key.is_required() && !is_optional ? "" : "#", key.name,
                          sample_value(key));
    }
  }
  return text;
}

std::string manual_keys() {
  std::string text;
  for (const auto& section : sections()) {
    text += ".Ss " + header_of(section) + " section\n" + mdoc_text(section.help) + "\n";
    text += ".Bl -tag -width Ds\n";
    for (const auto& key : keys()) {
      if (key.section != section.name) continue;
      text += fmt::format(".It Ic {} No = Ar {}\n", key.name, type_name(key.type));
      text += mdoc_text(key.help) + "\n";
      if (const auto facts = facts_of(key); !facts.empty()) text += mdoc_text(facts) + "\n";
    }
    text += ".El\n";
  }
  return text;
}

std::string mdoc_text(std::string_view text) {
  std::string safe;
  std::size_t line_start = 0;
  for (const auto word : base::split(text, ' ')) {
    const auto length = safe.size() - line_start;
    if (!safe.empty() && (safe.back() == '.' || length + 1 + word.size() > page_width)) {
      safe += '\n';
      line_start = safe.size();
    } else if (!safe.empty()) {
      safe += ' ';
    }
    if (safe.size() == line_start && (word.starts_with('.') || word.starts_with('\''))) {
      safe += "\\&";
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (word[i] == '\\') {
        safe += "\\e";
      } else if (word[i] == '-' && (i == 0 || word[i - 1] == '-')) {
        safe += "\\-";  // of an option, not a hyphen
      } else {
        safe += word[i];
      }
    }
  }
  return safe;
}

base::Result<std::string> with_generated_part(std::string_view page, std::string_view part) {
  const auto begin = page.find(part_begin);
  const auto end = page.find(part_end);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin ||
      page.find(part_begin, begin + 1) != std::string_view::npos ||
      page.find(part_end, end + 1) != std::string_view::npos) {
    return base::fail(
        base::Code::invalid,
        fmt::format("expected one line '{}' and then one line '{}'", part_begin, part_end));
  }
  const auto body = page.find('\n', begin) + 1;
  return std::string(page.substr(0, body)) + std::string(part) + std::string(page.substr(end));
}

std::string write_text(const std::vector<Pool>& pools) {
  std::string text = "# Written by muster up. Every key, with its default: muster config sample.\n";
  for (const auto& pool : pools) {
    text += fmt::format(
        "\n[[pool]]\nname = \"{}\"\nprovider = \"{}\"\nnodes = {}\ncpus_per_node = {}\n"
        "gpus_per_node = {}\n",
        pool.name, pool.provider, pool.nodes, pool.cpus_per_node, pool.gpus_per_node);
    if (pool.memory_per_node) {
      text += fmt::format("memory_per_node = \"{}K\"\n", pool.memory_per_node->count() / 1024);
    }
  }
  return text;
}

}  // namespace conf
