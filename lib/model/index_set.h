#pragma once
// An ordered set of small whole numbers: cores, hardware threads, GPUs. Written as a list: "0-3,8".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace model {

class IndexSet {
 public:
  static constexpr int limit = 65536;  // larger members are refused by parse and check()ed by add

  IndexSet() = default;
  /// All of [first, first + count).
  static IndexSet range(int first, int count);

  void add(int index);
  void remove(int index);
  bool contains(int index) const;
  int count() const;
  int count_below(int bound) const;  // members smaller than this
  bool empty() const { return count() == 0; }
  std::vector<int> members() const;  // ascending
  std::optional<int> first() const;

  /// The `n` smallest members; all of them where there are fewer.
  IndexSet take(int n) const;

  bool includes(const IndexSet& other) const;
  bool intersects(const IndexSet& other) const;
  IndexSet& operator|=(const IndexSet& other);
  IndexSet& operator-=(const IndexSet& other);
  IndexSet& operator&=(const IndexSet& other);
  friend IndexSet operator|(IndexSet a, const IndexSet& b) { return a |= b; }
  friend IndexSet operator-(IndexSet a, const IndexSet& b) { return a -= b; }
  friend IndexSet operator&(IndexSet a, const IndexSet& b) { return a &= b; }
  bool operator==(const IndexSet&) const = default;

 private:
  void trim();

  std::vector<std::uint64_t> words_;  // no zero words at the end, so that equal sets compare equal
};

std::string to_text(const IndexSet& set);
base::Result<IndexSet> index_set_from_text(std::string_view text);

}  // namespace model
