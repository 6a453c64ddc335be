#pragma once
// The members of base::Sum, for the source of each list.

#include <utility>
#include <variant>

#include "lib/base/sum.h"

namespace base {

template <typename... Ts>
template <typename T>
[[gnu::noinline, gnu::used]] auto Sum<Alternatives<Ts...>>::of(T&& value) -> Sum {
  return Sum(std::variant<Ts...>(std::in_place_type<T>, std::move(value)));
}

template <typename... Ts>
Sum<Alternatives<Ts...>>::Sum(std::variant<Ts...>&& any) noexcept
    : std::variant<Ts...>(std::move(any)) {}

template <typename... Ts>
Sum<Alternatives<Ts...>>::Sum()
  requires std::default_initializable<std::variant<Ts...>>
= default;

template <typename... Ts>
Sum<Alternatives<Ts...>>::Sum(const Sum&) = default;

template <typename... Ts>
Sum<Alternatives<Ts...>>::Sum(Sum&&) noexcept = default;

template <typename... Ts>
auto Sum<Alternatives<Ts...>>::operator=(const Sum&) -> Sum& = default;

template <typename... Ts>
auto Sum<Alternatives<Ts...>>::operator=(Sum&&) noexcept -> Sum& = default;

template <typename... Ts>
Sum<Alternatives<Ts...>>::~Sum() = default;

template <typename... Ts>
bool Sum<Alternatives<Ts...>>::operator==(const Sum& other) const
  requires(std::equality_comparable<Ts> && ...)
{
  const std::variant<Ts...>& mine = *this;
  return mine == static_cast<const std::variant<Ts...>&>(other);
}

/// Never called: makes the compiler keep what makes a Sum of each alternative.
template <typename... Ts>
void Sum<Alternatives<Ts...>>::make_each(Ts&&... values) {
  (static_cast<void>(of(std::move(values))), ...);
}

}  // namespace base
