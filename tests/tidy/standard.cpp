// Every header includes what it uses of the standard library. Headers are compiled alone with the
// whole standard library in front of them, which is three times as fast, so no compiler sees this.

#include <fmt/format.h>

#include <array>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include "lib/base/text.h"
#include "tests/tidy/rules.h"

namespace tidy {
namespace {

struct Provider {
  std::string_view header;
  std::string_view names;  // in namespace std
};

constexpr std::array providers = std::to_array<Provider>({
    {"algorithm",
     "min max clamp sort stable_sort find find_if any_of all_of none_of count_if equal lower_bound "
     "upper_bound unique ranges"},
    {"array", "array to_array"},
    {"atomic", "atomic"},
    {"bit", "countr_zero popcount bit_cast"},
    {"chrono", "chrono"},
    {"compare", "strong_ordering weak_ordering partial_ordering"},
    {"concepts", "integral signed_integral unsigned_integral invocable same_as"},
    {"cstddef", "size_t ptrdiff_t byte"},
    {"cstdint", "int8_t uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t"},
    {"deque", "deque"},
    {"expected", "expected unexpected"},
    {"filesystem", "filesystem"},
    {"functional", "function reference_wrapper less greater"},
    {"initializer_list", "initializer_list"},
    {"iterator",
     "next prev advance back_inserter make_move_iterator input_iterator_tag forward_iterator_tag "
     "bidirectional_iterator_tag"},
    {"limits", "numeric_limits"},
    {"list", "list"},
    {"map", "map multimap"},
    {"memory", "unique_ptr shared_ptr weak_ptr make_unique make_shared enable_shared_from_this"},
    {"optional", "optional nullopt nullopt_t"},
    {"set", "set multiset"},
    {"source_location", "source_location"},
    {"span", "span"},
    {"string", "string to_string"},
    {"string_view", "string_view"},
    {"system_error", "error_code"},
    {"tuple", "tuple tie forward_as_tuple"},
    {"type_traits", "conditional_t remove_reference_t remove_cvref_t common_type_t is_same_v"},
    {"utility", "pair move exchange swap forward declval piecewise_construct"},
    {"variant", "variant monostate visit holds_alternative get_if"},
    {"vector", "vector"},
});

std::map<std::string_view, std::string_view> headers_by_name() {
  std::map<std::string_view, std::string_view> headers;
  for (const auto& [header, names] : providers) {
    for (const auto name : base::split(names, ' ')) {
      headers.emplace(name, header);
    }
  }
  return headers;
}

}  // namespace

Findings check_standard_includes(const Source& source) {
  static const auto headers = headers_by_name();
  static const std::regex use(R"(\bstd::(\w+))");
  if (!source.is_header()) {
    return {};
  }
  std::set<std::string, std::less<>> there;
  for (const Include& include : includes_of(source)) {
    there.insert(include.name);
  }
  Findings findings;
  for (std::size_t i = 0; i < source.code.size(); ++i) {
    const auto& line = source.code[i];
    for (std::sregex_iterator at(line.begin(), line.end(), use), end; at != end; ++at) {
      const std::string name = (*at)[1];
      const auto header = headers.find(name);
      if (header != headers.end() && there.emplace(header->second).second) {
        findings.push_back({.path = source.path,
                            .line = i + 1,
                            .rule = "standard-includes",
                            .text = fmt::format("std::{} needs #include <{}> in this header", name,
                                                header->second)});
      }
    }
  }
  return findings;
}

}  // namespace tidy
