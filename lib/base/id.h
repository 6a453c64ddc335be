#pragma once
// Numbers that name things and cannot be mixed up: Id<JobTag> is not Id<NodeTag>, and none has a
// default.

#include <compare>
#include <cstdint>
#include <string>

namespace base {

template <class Tag>
class Id {
 public:
  explicit constexpr Id(std::uint32_t number) : number_(number) {}

  constexpr std::uint32_t number() const { return number_; }
  constexpr Id next() const { return Id(number_ + 1); }

  constexpr auto operator<=>(const Id&) const = default;

 private:
  std::uint32_t number_;
};

template <class Tag>
std::string to_text(Id<Tag> id) {
  return std::to_string(id.number());
}

}  // namespace base
