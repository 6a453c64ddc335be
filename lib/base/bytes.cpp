#include "lib/base/bytes.h"

#include <fmt/format.h>

#include <array>

#include "lib/base/text.h"

namespace base {

namespace {

constexpr std::array<char, 4> unit_letters{'K', 'M', 'G', 'T'};

constexpr std::uint64_t unit_size(std::size_t index) {
  return std::uint64_t{1} << (10 * (index + 1));
}

std::unexpected<Error> not_a_size(std::string_view text) {
  return fail(Code::invalid,
              fmt::format("'{}' is not an amount of memory; expected a number of mebibytes "
                          "or a number with K, M, G or T, such as 4G",
                          text));
}

}  // namespace

std::string to_text(Bytes bytes) {
  for (std::size_t i = unit_letters.size(); i-- > 0;) {
    if (bytes.count() < unit_size(i)) continue;
    if (bytes.count() % unit_size(i) == 0) {
      return fmt::format("{}{}", bytes.count() / unit_size(i), unit_letters[i]);
    }
    const auto value = static_cast<double>(bytes.count()) / static_cast<double>(unit_size(i));
    return fmt::format("{:.1f}{}", value, unit_letters[i]);
  }
  return fmt::format("{}B", bytes.count());
}

std::string to_exact_text(Bytes bytes) {
  std::size_t unit = 0;
  while (unit + 1 < unit_letters.size() && bytes.count() % unit_size(unit + 1) == 0) ++unit;
  return bytes.count() % unit_size(unit) == 0
             ? fmt::format("{}{}", bytes.count() / unit_size(unit), unit_letters[unit])
             : fmt::format("{}B", bytes.count());
}

Result<Bytes> parse_memory(std::string_view text) {
  const auto end = text.find_first_not_of("0123456789.");
  const auto number = parse_decimal(text.substr(0, end));
  if (!number) return not_a_size(text);

  std::size_t unit = 1;
  if (end != std::string_view::npos) {
    const auto suffix = to_lower(text.substr(end));
    const auto rest = std::string_view(suffix).substr(1);
    if (!rest.empty() && rest != "b" && rest != "ib") return not_a_size(text);
    for (unit = 0; unit < unit_letters.size(); ++unit) {
      if (to_lower(std::string_view(&unit_letters[unit], 1)) == suffix.substr(0, 1)) break;
    }
    if (unit == unit_letters.size()) return not_a_size(text);
  }
  const double bytes = *number * static_cast<double>(unit_size(unit));
  if (bytes > 1e18) return not_a_size(text);
  return Bytes(static_cast<std::uint64_t>(bytes));
}

}  // namespace base
