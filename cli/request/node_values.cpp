#include "cli/request/node_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace request {

namespace {

constexpr int most_of_anything = 1'000'000;

std::unexpected<base::Error> refuse(std::string_view expected, std::string_view found) {
  return base::fail(base::Code::invalid,
                    fmt::format("expected {}, found '{}'", expected, base::printable(found)));
}

}  // namespace

base::Result<std::pair<int, std::optional<int>>> nodes_from_text(std::string_view text) {
  const auto dash = text.find('-');
  const auto least = base::parse_int(text.substr(0, dash), 1, most_of_anything);
  std::optional<std::int64_t> greatest;
  if (dash != std::string_view::npos)
    greatest = base::parse_int(text.substr(dash + 1), 1, most_of_anything);
  if (!least || (dash != std::string_view::npos && !greatest)) {
    return refuse(fmt::format("a whole number from 1 to {}, or two such as 2-8", most_of_anything),
                  text);
  }
  if (!greatest) return std::pair(static_cast<int>(*least), std::optional<int>());
  return std::pair(static_cast<int>(*least), std::optional(static_cast<int>(*greatest)));
}

base::Result<std::pair<std::string, int>> gpus_from_text(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto kind = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
  const auto number = base::parse_int(text.substr(colon + 1), 0, most_of_anything);
  if (!number || (colon != std::string_view::npos && !model::is_plain_name(kind))) {
    return refuse(fmt::format("a whole number from 0 to {}, or a kind of GPU and a number such as "
                              "h100:2",
                              most_of_anything),
                  text);
  }
  return std::pair(std::string(kind), static_cast<int>(*number));
}

base::Result<std::vector<std::string>> node_names_from_text(std::string_view text) {
  auto names = model::expand_hosts(text);
  if (!names) return names;
  std::ranges::sort(*names);
  names->erase(std::ranges::unique(*names).begin(), names->end());
  return names;
}

base::Result<model::Licenses> licenses_from_text(std::string_view text) {
  model::Licenses licenses;
  for (const auto part : base::split(text, ',')) {
    const auto colon = part.find(':');
    const auto name = part.substr(0, colon);
    const auto number = colon == std::string_view::npos
                            ? std::optional<std::int64_t>(1)
                            : base::parse_int(part.substr(colon + 1), 1, most_of_anything);
    if (!model::is_plain_name(name) || !number)
      return refuse("licenses such as solver:2, joined by commas", part);
    if (!licenses.emplace(std::string(name), static_cast<int>(*number)).second)
      return refuse("each license once", part);
  }
  return licenses;
}

}  // namespace request
