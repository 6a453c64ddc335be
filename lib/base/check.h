#pragma once
// Invariants that stay on in production. A failed check is a bug: it prints the place and ends the
// process.

#include <source_location>
#include <string_view>

namespace base {

[[noreturn]] void check_failed(std::string_view what, const std::source_location& where);

/// Aborts with `what` and the caller's place unless `condition` holds.
constexpr void check(bool condition, std::string_view what,
                     const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] {
    check_failed(what, where);
  }
}

}  // namespace base
