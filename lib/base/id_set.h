#pragma once
// A set of numbers that come in order, such as JobId: a bit for each, of the words that have any.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace base {

/// As std::set; a change makes iterators invalid.
/// cost: O(log words) to find and to erase, O(1) to insert at the end, else a move of the words
/// behind
template <class Id>
class IdSet {
  struct Word {
    std::uint64_t bits;
    std::uint32_t place;  // of its first number, in words
    bool operator==(const Word&) const = default;
  };

 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  // as it makes its values
    using iterator_concept = std::forward_iterator_tag;
    using value_type = Id;
    using difference_type = std::ptrdiff_t;
    using reference = Id;
    using pointer = void;

    Iterator() = default;
    Id operator*() const {
      return Id((word_->place << 6) | static_cast<std::uint32_t>(std::countr_zero(left_)));
    }
    Iterator& operator++() {
      left_ &= left_ - 1;
      if (left_ == 0) *this = Iterator(word_ + 1, end_);
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, std::next(*this)); }
    bool operator==(const Iterator&) const = default;

   private:
    friend IdSet;
    Iterator(const Word* word, const Word* end) : word_(word), end_(end) {
      while (word_ != end_ && word_->bits == 0) ++word_;
      if (word_ != end_) left_ = word_->bits;
    }
    const Word* word_ = nullptr;
    const Word* end_ = nullptr;
    std::uint64_t left_ = 0;  // of the word
  };
  using value_type = Id;
  using iterator = Iterator;
  using const_iterator = Iterator;

  Iterator begin() const { return {first(), last()}; }
  Iterator end() const { return {last(), last()}; }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  bool contains(Id id) const {
    const auto* word = word_of(id);
    return word != last() && word->place == id.number() >> 6 && (word->bits & bit(id)) != 0;
  }

  /// The first member that is not before the id.
  Iterator lower_bound(Id id) const {
    Iterator at(word_of(id), last());
    while (at != end() && *at < id) ++at;
    return at;
  }

  /// Returns whether it was not there.
  bool insert(Id id) {
    const auto place = id.number() >> 6;
    auto word = words_.begin() + (word_of(id) - words_.data());
    if (word == words_.end() || word->place != place) {
      word = words_.insert(word, {0, place});
    } else if (word->bits == 0) {
      --n_empty_;
    }
    if ((word->bits & bit(id)) != 0) return false;
    word->bits |= bit(id);
    ++size_;
    return true;
  }

  /// Returns how many were there.
  std::size_t erase(Id id) {
    if (!contains(id)) return 0;
    const auto word = words_.begin() + (word_of(id) - words_.data());
    word->bits &= ~bit(id);
    --size_;
    if (word->bits == 0) leave_empty();
    return 1;
  }

  bool operator==(const IdSet& other) const {
    return size_ == other.size_ && std::equal(begin(), end(), other.begin());
  }

 private:
  static std::uint64_t bit(Id id) { return std::uint64_t{1} << (id.number() & 63); }

  const Word* first() const { return words_.data() + n_gone_; }
  const Word* last() const { return words_.data() + words_.size(); }

  /// A word has lost its last member.
  void leave_empty() {
    ++n_empty_;
    while (first() != last() && first()->bits == 0) ++n_gone_;
    if (n_empty_ * 2 < words_.size()) return;
    std::erase_if(words_, [](const Word& word) { return word.bits == 0; });
    n_empty_ = 0;
    n_gone_ = 0;
  }

  /// The word of the id, or the first behind where it would be.
  const Word* word_of(Id id) const {
    const auto place = id.number() >> 6;
    if (first() == last() || first()->place >= place) return first();
    if (words_.back().place < place) return last();
    return std::lower_bound(first(), last(), place,
                            [](const Word& word, std::uint32_t at) { return word.place < at; });
  }

  std::vector<Word> words_;  // in order
  std::size_t n_empty_ = 0;  // of them; they go when they are half of all
  std::size_t n_gone_ = 0;   // of the empty ones, those at the front
  std::size_t size_ = 0;
};

}  // namespace base
