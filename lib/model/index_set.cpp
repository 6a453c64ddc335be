#include "lib/model/index_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace model {

namespace {

constexpr int word_bits = 64;

std::size_t word_of(int index) {
  return static_cast<std::size_t>(index / word_bits);
}

std::uint64_t bit_of(int index) {
  return std::uint64_t{1} << (index % word_bits);
}

}  // namespace

IndexSet IndexSet::range(int first, int count) {
  IndexSet set;
  if (count <= 0) return set;
  const int last = first + count - 1;
  set.add(last);
  for (std::size_t w = word_of(first); w <= word_of(last); ++w) set.word(w) = ~std::uint64_t{0};
  set.word(word_of(first)) &= ~std::uint64_t{0} << (first % word_bits);
  set.word(word_of(last)) &= ~std::uint64_t{0} >> (word_bits - 1 - last % word_bits);
  return set;
}

void IndexSet::add(int index) {
  base::check(index >= 0 && index < limit, "an index is in range");
  grow(word_of(index) + 1);
  word(word_of(index)) |= bit_of(index);
}

void IndexSet::remove(int index) {
  if (!contains(index)) return;
  word(word_of(index)) &= ~bit_of(index);
  trim();
}

bool IndexSet::contains(int index) const {
  return index >= 0 && word_of(index) < n_words() && (word(word_of(index)) & bit_of(index)) != 0;
}

int IndexSet::count() const {
  int n = std::popcount(low_);
  for (const auto each : high_) n += std::popcount(each);
  return n;
}

int IndexSet::count_below(int bound) const {
  constexpr int bits = 64;
  int n = 0;
  for (std::size_t w = 0; w < n_words(); ++w) {
    const int left = bound - static_cast<int>(w) * bits;
    if (left <= 0) break;
    const auto mask = left >= bits ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    n += std::popcount(word(w) & mask);
  }
  return n;
}

std::vector<int> IndexSet::members() const {
  std::vector<int> all;
  all.reserve(static_cast<std::size_t>(count()));
  for (std::size_t w = 0; w < n_words(); ++w) {
    for (auto left = word(w); left != 0; left &= left - 1)
      all.push_back(static_cast<int>(w) * word_bits + std::countr_zero(left));
  }
  return all;
}

std::optional<int> IndexSet::first() const {
  for (std::size_t w = 0; w < n_words(); ++w) {
    if (word(w) != 0) return static_cast<int>(w) * word_bits + std::countr_zero(word(w));
  }
  return std::nullopt;
}

std::optional<IndexSet::Run> IndexSet::run_from(int index) const {
  auto w = word_of(index);
  if (w >= n_words()) return std::nullopt;
  auto left = word(w) & (~std::uint64_t{0} << (index % word_bits));
  while (left == 0) {
    if (++w == n_words()) return std::nullopt;
    left = word(w);
  }
  const int first = static_cast<int>(w) * word_bits + std::countr_zero(left);
  auto gaps = ~word(w) & (~std::uint64_t{0} << (first % word_bits));
  while (gaps == 0 && ++w < n_words()) gaps = ~word(w);
  const int end = static_cast<int>(w) * word_bits + (gaps == 0 ? 0 : std::countr_zero(gaps));
  return Run{first, end - 1};
}

IndexSet IndexSet::take(int n) const {
  IndexSet taken;
  for (std::size_t w = 0; w < n_words() && n > 0; ++w) {
    auto left = word(w);
    for (n -= std::popcount(left); n < 0; ++n) left &= ~std::bit_floor(left);
    taken.grow(w + 1);
    taken.word(w) = left;
  }
  taken.trim();
  return taken;
}

int IndexSet::count_common(const IndexSet& other) const {
  int n = 0;
  for (std::size_t w = 0; w < std::min(n_words(), other.n_words()); ++w)
    n += std::popcount(word(w) & other.word(w));
  return n;
}

bool IndexSet::includes(const IndexSet& other) const {
  for (std::size_t w = 0; w < other.n_words(); ++w) {
    const auto mine = w < n_words() ? word(w) : 0;
    if ((other.word(w) & ~mine) != 0) return false;
  }
  return true;
}

bool IndexSet::intersects(const IndexSet& other) const {
  for (std::size_t w = 0; w < std::min(n_words(), other.n_words()); ++w) {
    if ((word(w) & other.word(w)) != 0) return true;
  }
  return false;
}

IndexSet& IndexSet::operator|=(const IndexSet& other) {
  grow(other.n_words());
  for (std::size_t w = 0; w < other.n_words(); ++w) word(w) |= other.word(w);
  return *this;
}

IndexSet& IndexSet::operator-=(const IndexSet& other) {
  for (std::size_t w = 0; w < std::min(n_words(), other.n_words()); ++w) word(w) &= ~other.word(w);
  trim();
  return *this;
}

IndexSet& IndexSet::operator&=(const IndexSet& other) {
  low_ &= other.low_;
  high_.resize(std::min(high_.size(), other.high_.size()));
  for (std::size_t w = 0; w < high_.size(); ++w) high_[w] &= other.high_[w];
  trim();
  return *this;
}

void IndexSet::grow(std::size_t n_words) {
  if (n_words > high_.size() + 1) high_.resize(n_words - 1);
}

void IndexSet::trim() {
  while (!high_.empty() && high_.back() == 0) high_.pop_back();
}

std::string to_text(const IndexSet& set) {
  std::string text;
  const auto all = set.members();
  for (std::size_t i = 0; i < all.size();) {
    std::size_t last = i;
    while (last + 1 < all.size() && all[last + 1] == all[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += last == i ? fmt::format("{}", all[i]) : fmt::format("{}-{}", all[i], all[last]);
    i = last + 1;
  }
  return text;
}

base::Result<IndexSet> index_set_from_text(std::string_view text) {
  IndexSet set;
  if (text.empty()) return set;
  for (const auto part : base::split(text, ',')) {
    const auto dash = part.find('-');
    const auto first = base::parse_int(part.substr(0, dash), 0, IndexSet::list_limit - 1);
    const auto last = dash == std::string_view::npos
                          ? first
                          : base::parse_int(part.substr(dash + 1), 0, IndexSet::list_limit - 1);
    if (!first || !last || *last < *first) {
      return base::fail(base::Code::invalid,
                        fmt::format("'{}' is not a list of indices; expected numbers below {} and "
                                    "ranges, such as 0-3,8",
                                    base::printable(text), IndexSet::list_limit));
    }
    set |= IndexSet::range(static_cast<int>(*first), static_cast<int>(*last - *first + 1));
  }
  return set;
}

}  // namespace model
