#include "lib/model/node_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"

namespace model {

namespace {

/// The words of a kind of GPU, in small letters.
std::vector<std::string> words_of(std::string_view kind) {
  auto text = base::to_lower(kind);
  std::ranges::replace_if(text, [](char c) { return c == '-' || c == '_'; }, ' ');
  std::vector<std::string> words;
  for (const auto word : base::split(text, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

}  // namespace

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

base::Result<Constraint> constraint_from_text(std::string_view text) {
  if (text.find_first_of("[]()*") != std::string_view::npos) {
    return base::fail(base::Code::invalid,
                      fmt::format("'{}' has brackets or counts, which are not known here; expected "
                                  "features joined by '&' (all of them) and '|' (one of them)",
                                  base::printable(text)));
  }
  Constraint constraint;
  std::string with_and(text);
  std::ranges::replace(with_and, ',', '&');
  for (const auto part : base::split(with_and, '|')) {
    auto& group = constraint.groups.emplace_back();
    for (const auto name : base::split(part, '&')) {
      if (!is_plain_name(name)) {
        return base::fail(
            base::Code::invalid,
            fmt::format("'{}' in '{}' is not the name of a feature; expected names joined by '&' "
                        "(all of them) and '|' (one of them)",
                        base::printable(name), base::printable(text)));
      }
      group.emplace_back(name);
    }
    std::ranges::sort(group);
    group.erase(std::ranges::unique(group).begin(), group.end());
  }
  return constraint;
}

std::string to_text(const Constraint& constraint) {
  std::vector<std::string> groups;
  for (const auto& group : constraint.groups) groups.push_back(base::join(group, "&"));
  return base::join(groups, "|");
}

bool is_met(const Constraint& constraint, const std::vector<std::string>& features) {
  return constraint.groups.empty() ||
         std::ranges::any_of(constraint.groups, [&](const std::vector<std::string>& group) {
           return std::ranges::includes(features, group);
         });
}

bool is_gpu_kind(std::string_view wanted, std::string_view device) {
  const auto there = words_of(device);
  const auto words = words_of(wanted);
  return !words.empty() && std::ranges::all_of(words, [&](const std::string& word) {
    return std::ranges::find(there, word) != there.end();
  });
}

}  // namespace model
