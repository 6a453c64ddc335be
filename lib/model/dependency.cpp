#include "lib/model/dependency.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::fail;

constexpr std::array<std::pair<DependencyKind, std::string_view>, 6> kind_names{
    {{DependencyKind::after, "after"},
     {DependencyKind::afterok, "afterok"},
     {DependencyKind::afternotok, "afternotok"},
     {DependencyKind::afterany, "afterany"},
     {DependencyKind::aftercorr, "aftercorr"},
     {DependencyKind::singleton, "singleton"}}};

constexpr std::size_t most_terms = 1000;
constexpr std::int64_t most_minutes = 10 * 366 * 24 * 60;

base::Result<DependencyKind> read_kind(std::string_view word) {
  if (const auto kind = dependency_kind_from_text(word)) return *kind;
  std::vector<std::string_view> words;
  for (const auto& [kind, name] : kind_names) words.push_back(name);
  const auto near = base::nearest(word, words);
  return fail(Code::invalid,
              fmt::format("there is no dependency '{}'; {}", base::printable(word),
                          near ? fmt::format("did you mean '{}'?", *near)
                               : "expected after, afterok, afternotok, afterany, aftercorr or "
                                 "singleton"));
}

/// One job of a term: "12", "12_4" for a task, or "12+5" with `after`.
base::Result<DependencyTerm> read_job(DependencyKind kind, std::string_view text) {
  DependencyTerm term{.kind = kind};
  const auto plus = text.find('+');
  const auto name = text.substr(0, plus);
  const auto underscore = name.find('_');
  const auto id = base::parse_int(name.substr(0, underscore), 1, UINT32_MAX);
  const bool names_task = underscore != std::string_view::npos;
  const auto task = names_task
                        ? base::parse_int(name.substr(underscore + 1), 0, IndexSet::limit - 1)
                        : std::nullopt;
  if (!id || (names_task && !task)) {
    return fail(Code::invalid, fmt::format("'{}' is not the id of a job; expected a number such as "
                                           "{}:17",
                                           base::printable(text), to_text(kind)));
  }
  term.job = JobId(static_cast<std::uint32_t>(*id));
  if (task) term.task = static_cast<int>(*task);
  if (plus == std::string_view::npos) return term;
  if (kind != DependencyKind::after) {
    return fail(Code::invalid, fmt::format("'{}': only after takes a delay, as in after:{}+5",
                                           base::printable(text), *id));
  }
  const auto minutes = base::parse_int(text.substr(plus + 1), 0, most_minutes);
  if (!minutes) {
    return fail(Code::invalid, fmt::format("'{}' does not end with a number of minutes from 0 to "
                                           "{}, as in after:{}+5",
                                           base::printable(text), most_minutes, *id));
  }
  term.delay = std::chrono::minutes(*minutes);
  return term;
}

/// "afterok:12:13": a term for each job.
base::Result<void> add_terms(std::string_view part, std::vector<DependencyTerm>& terms) {
  const auto words = base::split(part, ':');
  const auto kind = read_kind(words.front());
  if (!kind) return std::unexpected(kind.error());
  const bool names_jobs = words.size() > 1;
  if (*kind == DependencyKind::singleton) {
    if (names_jobs) {
      return fail(Code::invalid, fmt::format("'{}': singleton names no jobs; leave '{}' out",
                                             base::printable(part), part.substr(9)));
    }
    terms.push_back({.kind = *kind});
    return {};
  }
  if (!names_jobs) {
    return fail(Code::invalid, fmt::format("{} names no job; expected its id, as in {}:17",
                                           to_text(*kind), to_text(*kind)));
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto term = read_job(*kind, words[i]);
    if (!term) return std::unexpected(term.error());
    terms.push_back(*term);
  }
  return {};
}

}  // namespace

std::string_view to_text(DependencyKind kind) {
  for (const auto& [value, name] : kind_names) {
    if (value == kind) return name;
  }
  base::check(false, "every kind of dependency has a name");
  return {};
}

std::optional<DependencyKind> dependency_kind_from_text(std::string_view text) {
  for (const auto& [value, name] : kind_names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string to_text(const DependencyTerm& term) {
  if (term.kind == DependencyKind::singleton) return std::string(to_text(term.kind));
  auto text = fmt::format("{}:{}", to_text(term.kind), to_text(term.job));
  if (term.task) text += fmt::format("_{}", *term.task);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(term.delay).count();
  return minutes == 0 ? text : fmt::format("{}+{}", text, minutes);
}

std::string to_text(const Dependency& dependency) {
  std::string text;
  for (const auto& term : dependency.terms) {
    if (!text.empty()) text += dependency.is_any ? '?' : ',';
    text += to_text(term);
  }
  return text;
}

base::Result<Dependency> dependency_from_text(std::string_view text) {
  Dependency dependency;
  if (text.empty()) return dependency;
  dependency.is_any = text.find('?') != std::string_view::npos;
  if (dependency.is_any && text.find(',') != std::string_view::npos) {
    return fail(
        Code::invalid,
        fmt::format("'{}' joins some parts by ',' and some by '?'; expected all by ',' (each "
                    "must hold) or all by '?' (one is enough)",
                    base::printable(text)));
  }
  for (const auto part : base::split(text, dependency.is_any ? '?' : ',')) {
    if (auto added = add_terms(part, dependency.terms); !added) {
      return std::unexpected(added.error());
    }
  }
  const bool has_pairs = std::ranges::any_of(
      dependency.terms, [](const auto& term) { return term.kind == DependencyKind::aftercorr; });
  if (dependency.is_any && has_pairs) {
    return fail(Code::invalid, fmt::format("'{}': aftercorr goes with ',' only, for it is met task "
                                           "by task",
                                           base::printable(text)));
  }
  if (dependency.terms.size() > most_terms) {
    return fail(Code::invalid, fmt::format("the dependency names {} jobs; expected at most {}",
                                           dependency.terms.size(), most_terms));
  }
  return dependency;
}

}  // namespace model
