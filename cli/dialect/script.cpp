#include "cli/dialect/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

#include "cli/dialect/oddities.h"
#include "cli/dialect/table.h"
#include "cli/request/table.h"
#include "lib/base/text.h"
#include "lib/base/words.h"

namespace dialect {

namespace {

enum class Sentinel { sbatch, submit, pbs };

constexpr std::array<std::string_view, 3> sentinel_words{"#SBATCH", "#SUBMIT", "#PBS"};

constexpr std::string_view word_of(Sentinel sentinel) {
  return sentinel_words.at(static_cast<std::size_t>(sentinel));
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

int line_of(std::string_view text, std::size_t offset) {
  return static_cast<int>(std::ranges::count(text.substr(0, offset), '\n')) + 1;
}

std::string_view without_blanks(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of(" \t\r\f\v"), line.size()));
}

/// `#SBATCH` needs no blank behind it, the others a blank or a dash. `#PBS` may be indented.
std::optional<Sentinel> sentinel_of(std::string_view line) {
  if (line.starts_with(word_of(Sentinel::sbatch))) return Sentinel::sbatch;
  for (const auto sentinel : {Sentinel::submit, Sentinel::pbs}) {
    const auto from = sentinel == Sentinel::pbs ? without_blanks(line) : line;
    const auto word = word_of(sentinel);
    if (!from.starts_with(word)) continue;
    const bool is_whole =
        from.size() == word.size() || is_blank(from[word.size()]) || from[word.size()] == '-';
    if (is_whole) return sentinel;
  }
  return std::nullopt;
}

/// The first line that a shell runs. qsub has lines that begin with ':' among those before.
bool is_command(std::string_view line, bool is_pbs) {
  const auto text = without_blanks(line);
  return !text.empty() && text.front() != '#' && !(is_pbs && text.front() == ':');
}

bool has_before_commands(std::span<const std::string_view> lines, Sentinel sentinel) {
  for (const auto line : lines) {
    if (is_command(line, sentinel == Sentinel::pbs)) return false;
    if (sentinel_of(line) == sentinel) return true;
  }
  return false;
}

model::Dialect dialect_of(std::span<const std::string_view> lines, Reading reading) {
  if (reading == Reading::slurm) return model::Dialect::slurm;
  if (reading == Reading::pbs) return model::Dialect::pbs;
  if (has_before_commands(lines, Sentinel::submit)) return model::Dialect::native;
  if (has_before_commands(lines, Sentinel::sbatch)) return model::Dialect::slurm;
  return has_before_commands(lines, Sentinel::pbs) ? model::Dialect::pbs : model::Dialect::native;
}

std::span<const options::Option> table_of(Sentinel sentinel) {
  if (sentinel == Sentinel::submit) return request::table(request::Place::directive);
  return options_of(sentinel == Sentinel::pbs ? model::Dialect::pbs : model::Dialect::slurm);
}

/// Of a directive that cannot be read, behind what is wrong with it.
std::string likely_cause(std::span<const std::string> words) {
  if (std::ranges::find(words, "=") != words.end())
    return "; write --name=value without blanks around '='";
  constexpr std::size_t one_character = 3;  // of those in bytes
  for (const auto& word : words) {
    const auto found = typographic(word.substr(0, one_character));
    if (found && !found->contains("quote"))
      return fmt::format("; '{}' begins with {}; type '-' in its place", base::printable(word),
                         *found);
  }
  if (std::ranges::any_of(words, is_placeholder))
    return "; is there a placeholder to be filled in?";
  return "";
}

/// Goes through the lines, top to bottom.
class Reader {
 public:
  Reader(std::string_view name, Reading reading, model::Dialect dialect)
      : name_(name), reading_(reading) {
    script_.dialect = dialect;
  }

  base::Result<void> take_line(std::string_view line);
  Script finish();

 private:
  bool counts(Sentinel sentinel) const;
  base::Result<void> take_comment(std::string_view line);
  base::Result<void> take_directive(std::string_view line, Sentinel sentinel);
  base::Result<void> take_late(std::string_view line, Sentinel sentinel);
  base::Result<options::Parsed> parse(std::span<const std::string> words, Sentinel sentinel) const;
  base::Result<void> check_words(std::span<const std::string> words, Sentinel sentinel) const;
  void look_at_value(const options::Given& given, Sentinel sentinel);
  std::string place() const { return fmt::format("{}: line {}", name_, number_); }
  void warn(std::string_view what) {
    script_.warnings.push_back(fmt::format("{}: {}", place(), what));
  }

  std::string_view name_;
  Reading reading_;
  int number_ = 0;
  int first_command_ = 0;  // its line; 0 before it
  std::string begun_;      // a directive of PBS that goes on in the next one
  std::string shown_;      // the line, for messages
  std::set<Sentinel> left_out_;
  std::set<std::string_view> foreign_;
  Script script_;
};

/// Whether such lines are read in this script. In one of our own, those of Slurm are defaults.
bool Reader::counts(Sentinel sentinel) const {
  using model::Dialect;
  if (sentinel == Sentinel::pbs) return script_.dialect == Dialect::pbs;
  if (sentinel == Sentinel::submit) return reading_ == Reading::by_content;
  return script_.dialect == Dialect::slurm || script_.dialect == Dialect::native;
}

base::Result<void> Reader::take_line(std::string_view line) {
  ++number_;
  if (number_ == 1) {
    if (const auto odd = oddity_of_interpreter(line))
      warn(fmt::format("'{}': {}", base::printable(line), *odd));
  }
  shown_ = base::printable(script_.dialect == model::Dialect::pbs ? without_blanks(line) : line);
  const auto sentinel = sentinel_of(line);
  if (!sentinel) {
    if (first_command_ == 0 && is_command(line, script_.dialect == model::Dialect::pbs))
      first_command_ = number_;
    return take_comment(line);
  }
  const bool is_late = first_command_ != 0;
  if (is_late) return take_late(line, *sentinel);
  if (counts(*sentinel)) return take_directive(line, *sentinel);
  left_out_.insert(*sentinel);
  return {};
}

base::Result<void> Reader::take_comment(std::string_view line) {
  if (!line.starts_with('#')) return {};
  if (const auto meant = look_alike(line)) {
    warn(fmt::format("'{}' is a comment; did you mean {}?", shown_, *meant));
  } else if (const auto other = foreign_sentinel(line); other && first_command_ == 0) {
    foreign_.insert(*other);
  }
  return {};
}

base::Result<void> Reader::take_late(std::string_view line, Sentinel sentinel) {
  if (line.starts_with(word_of(Sentinel::submit)) && counts(sentinel)) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: '{}' stands after the first command (line {}); move it up",
                                  place(), shown_, first_command_));
  }
  if (counts(sentinel) || script_.dialect == model::Dialect::native)
    warn(fmt::format("'{}' is ignored: it stands after the first command (line {})", shown_,
                     first_command_));
  return {};
}

base::Result<void> Reader::check_words(std::span<const std::string> words,
                                       Sentinel sentinel) const {
  if (!words.empty() && (words.front() == "hetjob" || words.front() == "packjob"))
    return base::fail(
        base::Code::invalid,
        "a job is not made of parts with requests of their own; ask for one that fits "
        "all of them, or submit several");
  // In our own lines a shell may be going to read the value.
  for (const auto& word : words) {
    if (sentinel != Sentinel::submit && is_template(word))
      return base::fail(base::Code::invalid,
                        fmt::format("'{}' belongs to a template that has not been filled in",
                                    base::printable(word)));
  }
  return {};
}

/// errors: with what may help
base::Result<options::Parsed> Reader::parse(std::span<const std::string> words,
                                            Sentinel sentinel) const {
  auto parsed = options::parse(table_of(sentinel), words, options::Operands::end_options);
  if (parsed && parsed->rest.empty()) return parsed;
  const auto& native = request::table(request::Place::directive);
  for (const auto& word : words) {
    const auto name = std::string_view(word).substr(0, word.find('='));
    const auto is_it = [&](const options::Option& option) {
      return name == "--" + std::string(option.name);
    };
    if (sentinel == Sentinel::sbatch && !parsed && std::ranges::any_of(native, is_it) &&
        std::ranges::none_of(table_of(sentinel), is_it))
      return base::fail(base::Code::invalid,
                        fmt::format("{} is no option of sbatch; write it in a #SUBMIT line", name));
  }
  const auto text =
      parsed ? fmt::format("expected an option, found '{}'", base::printable(parsed->rest.front()))
             : parsed.error().text;
  return base::fail(base::Code::invalid, text + likely_cause(words));
}

/// "mem" of "-mem=4G", which is the option -m with a value.
std::optional<std::string> name_with_one_dash(const options::Given& given) {
  constexpr std::size_t length_of_letter = 2;
  if (given.written.size() != length_of_letter) return std::nullopt;
  const auto name = given.written.substr(1) + given.value.substr(0, given.value.find('='));
  const auto table = options_of(model::Dialect::slurm);
  const bool is_known = std::ranges::find(table, name, &options::Option::name) != table.end();
  return is_known ? std::optional(name) : std::nullopt;
}

void Reader::look_at_value(const options::Given& given, Sentinel sentinel) {
  const auto variable = shell_variable(given.value);
  const bool is_known = sentinel == Sentinel::pbs && variable && variable->contains("PBS_");
  if (variable && !is_known)
    warn(fmt::format("'{}': no shell reads this line; '{}' stays as it is", shown_,
                     base::printable(*variable)));
  if (is_placeholder(given.value))
    warn(fmt::format("'{}': '{}' looks like a placeholder to be filled in", shown_,
                     base::printable(given.value)));
  if (const auto odd = typographic(given.value))
    warn(fmt::format("'{}': there is {} in the value", shown_, *odd));
  if (sentinel != Sentinel::sbatch) return;
  if (const auto meant = name_with_one_dash(given))
    warn(fmt::format("'{}': did you mean --{}? With one dash this is {} with the value '{}'",
                     shown_, *meant, given.written, base::printable(given.value)));
}

base::Result<void> Reader::take_directive(std::string_view line, Sentinel sentinel) {
  const auto refuse = [&](std::string_view what) {
    return base::fail(base::Code::invalid, fmt::format("{}: '{}': {}", place(), shown_, what));
  };
  const auto from = sentinel == Sentinel::pbs ? without_blanks(line) : line;
  auto rest = without_no_break_spaces(from.substr(word_of(sentinel).size()));
  if (rest.size() + word_of(sentinel).size() != from.size())
    warn(fmt::format("'{}': there is a no-break space (U+00A0) in it, which is taken as a blank",
                     shown_));
  if (sentinel == Sentinel::pbs) {
    rest = begun_ + std::string(begun_.empty() ? rest : std::string(base::trim(rest)));
    begun_.clear();
    if (rest.ends_with('\\')) {
      begun_ = rest.substr(0, rest.size() - 1);
      return {};
    }
  }
  const auto words = base::split_words(rest);
  if (!words) return refuse(words.error().text);
  if (const auto fine = check_words(*words, sentinel); !fine) return refuse(fine.error().text);
  const auto parsed = parse(*words, sentinel);
  if (!parsed) return refuse(parsed.error().text);
  auto& directives = sentinel == Sentinel::sbatch   ? script_.sbatch
                     : sentinel == Sentinel::submit ? script_.submit
                                                    : script_.pbs;
  for (const auto& given : parsed->given) {
    directives.push_back({given, number_, shown_});
    if (sentinel != Sentinel::submit) look_at_value(given, sentinel);
  }
  return {};
}

Script Reader::finish() {
  using model::Dialect;
  for (const auto sentinel : left_out_) {
    const auto who = reading_ == Reading::slurm          ? "sbatch reads #SBATCH lines alone"
                     : reading_ == Reading::pbs          ? "qsub reads #PBS lines alone"
                     : script_.dialect == Dialect::slurm ? "those of #SBATCH count"
                     : script_.dialect == Dialect::pbs   ? "those of #PBS count"
                                                         : "those of #SUBMIT count";
    script_.notes.push_back(
        fmt::format("{}: {} lines have no effect: {}", name_, word_of(sentinel), who));
  }
  if (!begun_.empty())
    script_.warnings.push_back(
        fmt::format("{}: '#PBS{}' is ignored: it ends with '\\', and no #PBS line follows", name_,
                    base::printable(begun_)));
  const bool has_any = !script_.sbatch.empty() || !script_.submit.empty() || !script_.pbs.empty();
  for (const auto word : foreign_) {
    if (has_any) continue;
    script_.warnings.push_back(
        fmt::format("{}: lines of {} are not read; #SUBMIT, #SBATCH and #PBS are", name_, word));
  }
  return std::move(script_);
}

base::Result<void> check_text(std::string_view text, std::string_view name) {
  const auto refuse = [&](std::string what) {
    return base::fail(base::Code::invalid, fmt::format("{}: {}", name, what));
  };
  if (text.empty()) return refuse("the script is empty");
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return refuse(
        fmt::format("line {}: a NUL byte; expected a text file, is this a program? "
                    "Submit one with: submit -- {}",
                    line_of(text, nul), name));
  }
  if (const auto crlf = text.find("\r\n"); crlf != std::string_view::npos) {
    return refuse(
        fmt::format("line {}: the line ends as on Windows (CR LF); repair the file with: "
                    "sed -i 's/\\r$//' {}",
                    line_of(text, crlf), name));
  }
  return {};
}

base::Result<void> check_interpreter(std::span<const std::string_view> lines,
                                     std::string_view name) {
  if (lines.front().starts_with("#!")) return {};
  const auto later =
      std::ranges::find_if(lines, [](std::string_view line) { return line.starts_with("#!/"); });
  const auto number = later - lines.begin() + 1;
  const auto hint = later == lines.end()
                        ? std::string()
                        : fmt::format("; it is in line {}: remove the lines before it", number);
  return base::fail(
      base::Code::invalid,
      fmt::format("{}: line 1: expected '#!' and the shell, such as '#!/bin/bash'{}", name, hint));
}

}  // namespace

base::Result<Script> read_script(std::string_view text, std::string_view name, Reading reading) {
  if (const auto checked = check_text(text, name); !checked)
    return std::unexpected(checked.error());
  const auto lines = base::split(text, '\n');
  const auto dialect = dialect_of(lines, reading);
  if (dialect != model::Dialect::pbs) {
    if (const auto checked = check_interpreter(lines, name); !checked)
      return std::unexpected(checked.error());
  }
  Reader reader(name, reading, dialect);
  for (const auto line : lines) {
    if (const auto taken = reader.take_line(line); !taken) return std::unexpected(taken.error());
  }
  return reader.finish();
}

}  // namespace dialect
