// qsub's options, row by row.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/dialect/pbs_resources.h"
#include "cli/dialect/table.h"
#include "cli/dialect/translation.h"
#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/base/words.h"

namespace dialect {

namespace {

using request::OptionId;
using request::PlacedOption;

constexpr std::int64_t most_priority = 1000;
constexpr std::string_view default_place = "default of PBS";
constexpr std::string_view login_names = "HOME,LANG,LOGNAME,PATH,SHELL,USER";

/// What several options say together.
struct Whole {
  PbsResources resources;
  std::optional<PlacedOption> output;
  std::optional<PlacedOption> error;
  std::string joined = "n";
  std::vector<std::string> variables;  // for --export: "A", "B=x"
  std::optional<PlacedOption> all_variables;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// "host:dir/^array_index^.out" as submit's --output has it.
std::string file_of(const PlacedOption& one, Translation& out) {
  auto path = one.given.value;
  const auto colon = path.find(':');
  if (colon != std::string::npos && !path.substr(0, colon).contains('/')) {
    if (colon > 0)
      out.note(one, fmt::format("'{}' has no effect: files are written where the job runs",
                                base::printable(path.substr(0, colon + 1))));
    path.erase(0, colon + 1);
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> words{
      {{"%", "%%"},
       {"^array_index^", "%a"},
       {"${PBS_JOBID}", "%j"},
       {"$PBS_JOBID", "%j"},
       {"${PBS_JOBNAME}", "%x"},
       {"$PBS_JOBNAME", "%x"},
       {"${PBS_ARRAYID}", "%a"},
       {"$PBS_ARRAYID", "%a"},
       {"${PBS_ARRAY_INDEX}", "%a"},
       {"$PBS_ARRAY_INDEX", "%a"}}};
  for (const auto& [from, to] : words) replace_all(path, from, to);
  return path;
}

/// "12.server" is 12, "12[3].server" 12_3, "12[]" 12.
std::string job_of(std::string_view id) {
  auto job = std::string(id.substr(0, id.find('.')));
  replace_all(job, "[]", "");
  replace_all(job, "[", "_");
  replace_all(job, "]", "");
  return job;
}

/// "afterok:12.server:13.server" as submit's --dependency has it.
base::Result<std::string> dependency_of(const PlacedOption& one, std::string_view text) {
  std::vector<std::string> terms;
  for (const auto part : base::split(text, ',')) {
    const auto words = base::split(part, ':');
    auto kind = std::string(words.front());
    if (kind.starts_with("after") && kind.ends_with("array")) kind.resize(kind.size() - 5);
    if (kind.starts_with("before") || kind == "on" || kind.starts_with("sync"))
      return refused(one, fmt::format("depend={}: jobs wait for earlier ones alone; submit the "
                                      "later one with depend=after..:ID",
                                      base::printable(part)));
    for (const auto id : std::span(words).subspan(1)) kind += ":" + job_of(id);
    terms.push_back(std::move(kind));
  }
  return base::join(terms, ",");
}

base::Result<void> take_attribute(const PlacedOption& one, std::string_view name,
                                  std::string_view value, Translation& out) {
  if (name == "depend") {
    auto dependency = dependency_of(one, value);
    if (!dependency) return std::unexpected(dependency.error());
    out.add(OptionId::dependency, *std::move(dependency), one);
  } else if (name == "block") {
    if (base::to_lower(value) == "true") out.add(OptionId::wait, "", one);
  } else if (name == "stagein" || name == "stageout") {
    return refused(one, fmt::format("{}=: files are not copied; let the script do it", name));
  } else if (name == "interactive") {
    return refused(one, "interactive=: say muster run --pty");
  } else {
    out.note(one, fmt::format("-W {} has no effect: jobs have no such attribute",
                              base::printable(name)));
  }
  return {};
}

/// "depend=afterok:1,afterany:2,umask=007": what has no name of its own goes on with the one
/// before.
base::Result<void> take_attributes(const PlacedOption& one, Translation& out) {
  std::vector<std::string> attributes;
  // Some are written with ':' in place of '=', and mean nothing here.
  for (const auto part : base::split(one.given.value, ',')) {
    if (part.contains('=') || attributes.empty()) {
      attributes.emplace_back(part);
    } else {
      attributes.back() += "," + std::string(part);
    }
  }
  for (const auto& attribute : attributes) {
    const auto equals = std::min(attribute.find('='), attribute.size());
    if (equals == 0) return not_expected(one, "attributes such as depend=afterok:12");
    const auto whole = std::string_view(attribute);
    const auto value = whole.substr(std::min(equals + 1, whole.size()));
    if (auto taken =
            take_attribute(one, base::trim(whole.substr(0, equals)), base::trim(value), out);
        !taken)
      return taken;
  }
  return {};
}

/// The parts between commas that stand in no quotes, without the quotes.
std::vector<std::string> split_variables(std::string_view text) {
  std::vector<std::string> parts(1);
  char quote = 0;
  for (const char c : text) {
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? '\0' : c;
    } else if (c == ',' && quote == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

base::Result<void> take_variables(const PlacedOption& one, Translation& out, Whole& whole) {
  for (const auto& part : split_variables(one.given.value)) {
    const auto equals = part.find('=');
    const auto name = std::string(base::trim(std::string_view(part).substr(0, equals)));
    if (name.empty()) return not_expected(one, "a list of variables such as A,B=x");
    // A list for --export has no way to say a comma.
    if (part.contains(',')) {
      out.variables[name] = part.substr(equals + 1);
    } else {
      whole.variables.push_back(part);
    }
  }
  return {};
}

base::Result<void> convert_destination(const PlacedOption& one, Translation& out) {
  const auto at = one.given.value.find('@');
  if (at != std::string::npos)
    out.note(one, fmt::format("'{}' has no effect: the job goes to this cluster",
                              base::printable(one.given.value.substr(at))));
  if (at != 0) out.add(OptionId::pool, one.given.value.substr(0, at), one);
  return {};
}

base::Result<void> convert_priority(const PlacedOption& one, Translation& out) {
  const auto number = base::parse_int(one.given.value, -1024, 1023);
  if (!number) return not_expected(one, "a whole number from -1024 to 1023");
  out.add(OptionId::priority, std::to_string(std::clamp(*number, -most_priority, most_priority)),
          one);
  return {};
}

/// "1830" is 18:30, "202612241800.30" 2026-12-24T18:00:30.
base::Result<void> convert_date(const PlacedOption& one, Translation& out) {
  const std::string_view text = one.given.value;
  const auto dot = std::min(text.find('.'), text.size());
  auto digits = std::string(text.substr(0, dot));
  const auto seconds = dot == text.size() ? "00" : std::string(text.substr(dot + 1));
  const bool is_number = (digits + seconds).find_first_not_of("0123456789") == std::string::npos;
  if (digits.size() == 10) digits = "20" + digits;
  if (!is_number || seconds.size() != 2 || (digits.size() != 4 && digits.size() != 12))
    return not_expected(one, "a time such as 1830, or with its date 202612241830");
  const auto clock = fmt::format("{}:{}:{}", digits.substr(digits.size() - 4, 2),
                                 digits.substr(digits.size() - 2), seconds);
  const auto date = digits.size() == 4 ? std::string()
                                       : fmt::format("{}-{}-{}T", digits.substr(0, 4),
                                                     digits.substr(4, 2), digits.substr(6, 2));
  out.add(OptionId::begin, date + clock, one);
  return {};
}

base::Result<void> convert_arguments(const PlacedOption& one, Translation& out) {
  auto words = base::split_words(one.given.value);
  if (!words) return std::unexpected(words.error().in(one.given.written).in(one.place));
  out.arguments = std::move(*words);
  return {};
}

base::Result<void> convert_join(const PlacedOption& one, Translation& /*out*/, Whole& whole) {
  if (one.given.value != "oe" && one.given.value != "eo" && one.given.value != "n")
    return not_expected(one, "oe, eo or n");
  whole.joined = one.given.value;
  return {};
}

base::Result<void> convert_keep(const PlacedOption& one, Translation& out) {
  if (one.given.value.empty() || one.given.value.find_first_not_of("doen") != std::string::npos)
    return not_expected(one, "letters of d, o and e, or n");
  if (!one.given.value.contains('d') && one.given.value != "n")
    out.note(one, "-k has no effect: files are written where -o and -e say, while the job runs");
  return {};
}

base::Result<void> convert_rerun(const PlacedOption& one, Translation& out) {
  if (one.given.value != "y" && one.given.value != "n") return not_expected(one, "y or n");
  out.add(one.given.value == "y" ? OptionId::requeue : OptionId::no_requeue, "", one);
  return {};
}

base::Result<void> convert_shell(const PlacedOption& one, Translation& out) {
  const std::string_view text = one.given.value;
  out.shell = text.substr(0, text.find_first_of("@,"));
  if (!out.shell.starts_with('/'))
    return not_expected(one, "the path of a shell, such as /bin/bash");
  return {};
}

struct PbsConverter {
  PbsId id;
  base::Result<void> (*convert)(const PlacedOption& one, Translation& out, Whole& whole);
};

/// What counts with others waits for them.
template <std::optional<PlacedOption> Whole::* member>
base::Result<void> keep(const PlacedOption& one, Translation& /*out*/, Whole& whole) {
  whole.*member = one;
  return {};
}

template <base::Result<void> (*alone)(const PlacedOption&, Translation&)>
base::Result<void> by(const PlacedOption& one, Translation& out, Whole& /*whole*/) {
  return alone(one, out);
}

/// The same value under another letter.
template <OptionId id>
base::Result<void> add_as(const PlacedOption& one, Translation& out, Whole& /*whole*/) {
  out.add(id, one.given.value, one);
  return {};
}

base::Result<void> keep_resources(const PlacedOption& one, Translation& /*out*/, Whole& whole) {
  return take_resources(one, whole.resources);
}

constexpr auto pbs_converters = std::to_array<PbsConverter>({
    {PbsId::all_variables, keep<&Whole::all_variables>},
    {PbsId::arguments, by<convert_arguments>},
    {PbsId::array_torque, add_as<OptionId::array>},
    {PbsId::attributes, by<take_attributes>},
    {PbsId::date_time, by<convert_date>},
    {PbsId::destination, by<convert_destination>},
    {PbsId::directory, add_as<OptionId::chdir>},
    {PbsId::error, keep<&Whole::error>},
    {PbsId::join, convert_join},
    {PbsId::keep, by<convert_keep>},
    {PbsId::output, keep<&Whole::output>},
    {PbsId::priority, by<convert_priority>},
    {PbsId::rerun, by<convert_rerun>},
    {PbsId::resources, keep_resources},
    {PbsId::shell, by<convert_shell>},
    {PbsId::variables, take_variables},
    {PbsId::work_directory, add_as<OptionId::chdir>},
});

base::Result<void> convert(const PlacedOption& one, Translation& out, Whole& whole) {
  const auto* const found =
      std::ranges::find(pbs_converters, static_cast<PbsId>(one.given.id), &PbsConverter::id);
  base::check(found != pbs_converters.end(), "each option that is converted has a converter");
  return found->convert(one, out, whole);
}

base::Result<void> take(const PlacedOption& one, Translation& out, Whole& whole) {
  const auto& wanted = row(model::Dialect::pbs, one.given.id);
  switch (wanted.status) {
    case Status::same:
      out.add(*wanted.native, one.given.value, one);
      return {};
    case Status::converted:
      return convert(one, out, whole);
    case Status::refused:
      return refused(one, wanted.text);
    case Status::noted:
      out.note(one, fmt::format("{} has no effect: {}", one.given.written, wanted.text));
      return {};
    case Status::own:
      if (one.place != command_line)
        out.note(one, fmt::format("{} has no effect: it is for the command line of qsub",
                                  one.given.written));
      return {};
  }
  return {};
}

PlacedOption by_default(std::string written) {
  return {.given = {.id = 0, .value = {}, .written = std::move(written)},
          .place = std::string(default_place)};
}

/// The file of -o or -e, or NAME.oID; into a directory goes one of that name.
void add_file(const std::optional<PlacedOption>& said, OptionId option, char letter,
              Translation& out) {
  const bool is_array = std::ranges::any_of(out.options, [](const PlacedOption& one) {
    return one.given.id == static_cast<int>(OptionId::array);
  });
  const auto name = fmt::format("%x.{}{}", letter, is_array ? "%A.%a" : "%j");
  if (!said) {
    out.add(option, name, by_default("--output"));
    return;
  }
  auto path = file_of(*said, out);
  out.add(option, path.ends_with('/') ? path + name : path, *said);
}

void add_files(const Whole& whole, Translation& out) {
  if (whole.joined == "eo") {
    add_file(whole.error, OptionId::output, 'e', out);
    return;
  }
  add_file(whole.output, OptionId::output, 'o', out);
  if (whole.joined == "n") add_file(whole.error, OptionId::error, 'e', out);
}

/// A job has the variables of a login and those that are named, unless it is to have all.
void add_environment(const Whole& whole, Translation& out) {
  auto list = std::string(whole.all_variables ? "ALL" : login_names);
  for (const auto& one : whole.variables) list += "," + one;
  out.add(OptionId::environment, std::move(list),
          whole.all_variables.value_or(by_default("--export")));
}

}  // namespace

base::Result<Translation> from_pbs(std::span<const PlacedOption> given,
                                   const model::Environment& environment) {
  Translation out;
  Whole whole;
  if (const auto home = environment.find("HOME"); home != environment.end())
    out.add(OptionId::chdir, home->second, by_default("--chdir"));
  for (const auto& one : given) {
    if (auto taken = take(one, out, whole); !taken) return std::unexpected(taken.error());
  }
  if (auto asked = convert_resources(whole.resources, out); !asked)
    return std::unexpected(asked.error());
  add_files(whole, out);
  add_environment(whole, out);
  return out;
}

}  // namespace dialect
