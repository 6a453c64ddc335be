#pragma once
// An amount of memory or disk: a whole number of bytes that is never negative.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/check.h"
#include "lib/base/result.h"

namespace base {

class Bytes {
 public:
  constexpr Bytes() = default;
  explicit constexpr Bytes(std::uint64_t count) : count_(count) {}

  constexpr std::uint64_t count() const { return count_; }
  constexpr auto operator<=>(const Bytes&) const = default;

  constexpr Bytes& operator+=(Bytes other) {
    count_ += other.count_;
    return *this;
  }
  constexpr Bytes& operator-=(Bytes other) {
    check(other.count_ <= count_, "an amount of bytes does not go below zero");
    count_ -= other.count_;
    return *this;
  }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return a += b; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return a -= b; }
  friend constexpr Bytes operator*(Bytes a, std::uint64_t times) { return Bytes(a.count_ * times); }

 private:
  std::uint64_t count_ = 0;
};

constexpr std::uint64_t kib = 1024;  // bytes

/// In the largest unit of which it is a whole number, such as 1536M: parse_memory reads it back if
/// it is one of KiB.
std::string to_exact_text(Bytes bytes);

/// For people, in binary units: "512M", "1.5G"; exact multiples without a fraction.
std::string to_text(Bytes bytes);

/// Reads sizes as sbatch does (man sbatch, --mem): a plain number is mebibytes; K, M, G, T with
/// optional B or iB, any case.
Result<Bytes> parse_memory(std::string_view text);

}  // namespace base
