#pragma once
// Numbers as bytes, for files and for the wire: little-endian, one behind the other.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/check.h"

namespace digits {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

template <class T>
void put(std::string& bytes, const T& value) {
  const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
  bytes.append(raw.data(), raw.size());
}

inline void put_all(std::string& bytes, std::span<const double> values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

/// The number at the front of `bytes`, which loses it. The caller has looked at the length.
template <class T>
T take(std::string_view& bytes) {
  base::check(bytes.size() >= sizeof(T), "the length was checked before a number is taken");
  std::array<char, sizeof(T)> raw;
  std::memcpy(raw.data(), bytes.data(), raw.size());
  bytes.remove_prefix(raw.size());
  return std::bit_cast<T>(raw);
}

inline std::vector<double> take_all(std::string_view& bytes, std::size_t count) {
  base::check(bytes.size() / sizeof(double) >= count, "the length was checked before a list is");
  std::vector<double> values(count);
  std::memcpy(values.data(), bytes.data(), count * sizeof(double));
  bytes.remove_prefix(count * sizeof(double));
  return values;
}

/// CRC-32 as in gzip.
std::uint32_t checksum(std::string_view bytes);

}  // namespace digits
