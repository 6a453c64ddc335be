#pragma once
// An ordered set of whole numbers: cores, hardware threads, GPUs, tasks of an array. Written as a
// list: "0-3,8".

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace model {

class IndexSet {
 public:
  static constexpr int limit = 4'000'001;   // members are smaller; check()ed by add
  static constexpr int list_limit = 65536;  // of what index_set_from_text takes

  IndexSet() = default;
  /// All of [first, first + count).
  static IndexSet range(int first, int count);

  void add(int index);
  void remove(int index);
  bool contains(int index) const;
  int count() const;
  int count_below(int bound) const;  // members smaller than this
  bool empty() const { return n_words() == 0; }
  std::vector<int> members() const;  // ascending
  std::optional<int> first() const;

  struct Run {
    int first;
    int last;
  };
  /// The first members without a gap from `index` on.
  std::optional<Run> run_from(int index) const;

  /// The `n` smallest members; all of them where there are fewer.
  IndexSet take(int n) const;

  /// How many members both have.
  int count_common(const IndexSet& other) const;

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
  std::size_t n_words() const { return high_.empty() ? std::size_t{low_ != 0} : high_.size() + 1; }
  std::uint64_t word(std::size_t place) const { return place == 0 ? low_ : high_[place - 1]; }
  std::uint64_t& word(std::size_t place) { return place == 0 ? low_ : high_[place - 1]; }
  void grow(std::size_t n_words);
  void trim();

  std::uint64_t low_ = 0;            // the first word: most nodes need no more
  std::vector<std::uint64_t> high_;  // no zero words at the end, so that equal sets compare equal
};

std::string to_text(const IndexSet& set);
base::Result<IndexSet> index_set_from_text(std::string_view text);

}  // namespace model
