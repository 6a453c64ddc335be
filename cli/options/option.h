#pragma once
// Tables of command-line options, and reading words by them with the rules of getopt_long:
// `--name=value`, `--name value`, `-nvalue`, `-n value`, `-ab`, unambiguous beginnings of names.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace options {

/// One option. Rows with the same id are one option with several names; the first names it.
struct Option {
  int id = 0;
  std::string_view name;         // without dashes
  char letter = 0;               // 0: none
  std::string_view placeholder;  // of the value; empty: a flag; "[X]": it may be left out
  std::string_view help;         // sentences; empty: a further name, not listed

  bool takes_value() const { return !placeholder.empty(); }
  /// Then it stands behind '=' or the letter, never in the next word.
  bool may_lack_value() const { return placeholder.starts_with('[') && placeholder.ends_with(']'); }
};

struct Given {
  int id = 0;
  std::string value;    // empty for a flag
  std::string written;  // the option as it was written, for messages: "--nodes", "-N"
  bool operator==(const Given&) const = default;
};

struct Parsed {
  std::vector<Given> given;       // in order
  std::vector<std::string> rest;  // what is no option
  bool after_dashes = false;      // `rest` began after "--"
};

enum class Operands {
  end_options,  // the first word that is no option ends them: what follows belongs to a program
  anywhere,     // options may follow other words, up to "--"
  all,          // every word is one: another program reads them
};

/// errors: invalid, naming the option and the nearest known one
base::Result<Parsed> parse(std::span<const Option> table, std::span<const std::string> words,
                           Operands operands);

/// The last one given, if any: later options replace earlier ones.
const Given* find(std::span<const Given> given, int id);
inline const Given* find(const Parsed& parsed, int id) {
  return find(parsed.given, id);
}
inline bool has(const Parsed& parsed, int id) {
  return find(parsed, id) != nullptr;
}

/// "-N, --nodes=COUNT": how the option is written.
std::string spelling(const Option& option);

/// The options as a list for a terminal that is `width` columns wide, one or more lines each.
std::string help_text(std::span<const Option> table, std::size_t width);

/// `text` in lines of at most `width` columns, each after `indent` blanks.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace options
