#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/options/option.h"
#include "lib/base/text.h"

namespace options {

namespace {

/// One reading of a command line: where it is, and what it has found.
class Reader {
 public:
  Reader(std::span<const Option> table, std::span<const std::string> words)
      : table_(table), words_(words) {}

  base::Result<Parsed> read(Operands operands);

 private:
  base::Result<void> take_long(std::string_view word);
  base::Result<void> take_letters(std::string_view word);
  base::Result<void> take_value(const Option& option, std::string written);
  base::Result<const Option*> find_long(std::string_view name) const;

  std::span<const Option> table_;
  std::span<const std::string> words_;
  std::size_t next_ = 0;
  Parsed parsed_;
};

base::Result<Parsed> Reader::read(Operands operands) {
  if (operands == Operands::all) return Parsed{.rest = {words_.begin(), words_.end()}};
  while (next_ < words_.size()) {
    const std::string_view word = words_[next_++];
    if (word == "--") {
      parsed_.after_dashes = parsed_.rest.empty();
      parsed_.rest.insert(parsed_.rest.end(), words_.begin() + static_cast<std::ptrdiff_t>(next_),
                          words_.end());
      break;
    }
    if (word.size() < 2 || word.front() != '-') {
      parsed_.rest.emplace_back(word);
      if (operands == Operands::anywhere) continue;
      parsed_.rest.insert(parsed_.rest.end(), words_.begin() + static_cast<std::ptrdiff_t>(next_),
                          words_.end());
      break;
    }
    const auto taken = word.starts_with("--") ? take_long(word) : take_letters(word);
    if (!taken) return std::unexpected(taken.error());
  }
  return std::move(parsed_);
}

base::Result<const Option*> Reader::find_long(std::string_view name) const {
  const Option* found = nullptr;
  std::vector<std::string_view> names;
  std::vector<std::string> possible;
  bool is_ambiguous = false;
  for (const auto& option : table_) {
    if (option.name == name) return &option;
    names.push_back(option.name);
    if (!option.name.starts_with(name)) continue;
    possible.push_back("--" + std::string(option.name));
    is_ambiguous = is_ambiguous || (found != nullptr && found->id != option.id);
    if (found == nullptr) found = &option;
  }
  const auto written = base::printable(name);
  if (is_ambiguous) {
    return base::fail(base::Code::invalid, fmt::format("option '--{}' is ambiguous: {}", written,
                                                       base::join(possible, ", ")));
  }
  if (found != nullptr) return found;
  const auto nearest = base::nearest(name, names);
  return base::fail(
      base::Code::invalid,
      nearest ? fmt::format("unknown option '--{}'; did you mean '--{}'?", written, *nearest)
              : fmt::format("unknown option '--{}'", written));
}

base::Result<void> Reader::take_long(std::string_view word) {
  const auto equals = word.find('=');
  const auto name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
  const auto option = find_long(name);
  if (!option) return std::unexpected(option.error());
  auto written = "--" + std::string((*option)->name);
  if (equals == std::string_view::npos) return take_value(**option, std::move(written));
  if (!(*option)->takes_value()) {
    return base::fail(base::Code::invalid,
                      fmt::format("option '{}' takes no value, found '{}'", written,
                                  base::printable(word.substr(equals + 1))));
  }
  parsed_.given.push_back(
      {(*option)->id, std::string(word.substr(equals + 1)), std::move(written)});
  return {};
}

base::Result<void> Reader::take_letters(std::string_view word) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto option = std::ranges::find(table_, word[i], &Option::letter);
    if (option == table_.end()) {
      return base::fail(base::Code::invalid,
                        fmt::format("unknown option '-{}' in '{}'",
                                    base::printable(word.substr(i, 1)), base::printable(word)));
    }
    auto written = std::string("-") + word[i];
    if (!option->takes_value()) {
      parsed_.given.push_back({option->id, "", std::move(written)});
    } else if (i + 1 < word.size()) {
      parsed_.given.push_back({option->id, std::string(word.substr(i + 1)), std::move(written)});
      return {};
    } else {
      return take_value(*option, std::move(written));
    }
  }
  return {};
}

/// The value, where the option has one, is the next word, whatever it looks like.
base::Result<void> Reader::take_value(const Option& option, std::string written) {
  if (!option.takes_value() || option.may_lack_value()) {
    parsed_.given.push_back({option.id, "", std::move(written)});
    return {};
  }
  if (next_ == words_.size()) {
    return base::fail(base::Code::invalid,
                      fmt::format("option '{}' needs a value: {}", written, option.placeholder));
  }
  parsed_.given.push_back({option.id, words_[next_++], std::move(written)});
  return {};
}

}  // namespace

base::Result<Parsed> parse(std::span<const Option> table, std::span<const std::string> words,
                           Operands operands) {
  return Reader(table, words).read(operands);
}

const Given* find(std::span<const Given> given, int id) {
  const Given* last = nullptr;
  for (const auto& one : given) {
    if (one.id == id) last = &one;
  }
  return last;
}

}  // namespace options
