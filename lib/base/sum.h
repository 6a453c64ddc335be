#pragma once
// A choice of many types, as std::variant is. That is made anew by the compiler in each source that
// uses it, for dozens of alternatives most of its time; a Sum is made in the one source that says
// so (sum_members.h).

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace base {

template <typename... Ts>
struct Alternatives {
  static constexpr std::size_t count = sizeof...(Ts);
  template <typename T>
  static constexpr bool has = (std::same_as<T, Ts> || ...);
};

template <typename List>
struct Sum;

/// What std::visit, std::get_if and std::holds_alternative take. For each list there is one source
/// with `template struct base::Sum<LIST>;`.
template <typename... Ts>
struct Sum<Alternatives<Ts...>> : std::variant<Ts...> {
  template <typename T, typename = std::enable_if_t<Alternatives<Ts...>::template has<T>>>
  Sum(T value) : Sum(of(std::move(value))) {}
  Sum()
    requires std::default_initializable<std::variant<Ts...>>;
  Sum(const Sum& other);
  Sum(Sum&& other) noexcept;
  Sum& operator=(const Sum& other);
  Sum& operator=(Sum&& other) noexcept;
  ~Sum();
  bool operator==(const Sum& other) const
    requires(std::equality_comparable<Ts> && ...);

 private:
  explicit Sum(std::variant<Ts...>&& any) noexcept;
  template <typename T>
  static Sum of(T&& value);
  static void make_each(Ts&&... values);
};

}  // namespace base
