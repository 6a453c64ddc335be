#pragma once
// A map from numbers that are given in order and seldom reused, such as JobId: found by two steps
// through memory however many there are, and gone through in order.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/base/check.h"

namespace base {

/// As std::map: entries stay where they are until they are erased, and copies are deep. Memory: as
/// many words as the numbers span pages of 512, and a page of 4 KiB wherever there is an entry.
template <class Id, class Value>
class IdMap {
 public:
  using key_type = Id;
  using mapped_type = Value;
  using value_type = std::pair<const Id, Value>;

  template <bool is_const>
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = IdMap::value_type;
    using difference_type = std::ptrdiff_t;
    using reference = std::conditional_t<is_const, const value_type&, value_type&>;
    using pointer = std::conditional_t<is_const, const value_type*, value_type*>;
    using Map = std::conditional_t<is_const, const IdMap, IdMap>;

    Iterator() = default;
    Iterator(Map* map, std::uint64_t number) : map_(map), number_(number) {}
    operator Iterator<true>() const { return {map_, number_}; }

    reference operator*() const { return *map_->entry(number_); }
    pointer operator->() const { return map_->entry(number_); }
    Iterator& operator++() {
      number_ = map_->next_from(number_ + 1);
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, std::next(*this)); }
    Iterator& operator--() {
      number_ = map_->last_before(number_);
      return *this;
    }
    Iterator operator--(int) { return std::exchange(*this, std::prev(*this)); }
    bool operator==(const Iterator&) const = default;

   private:
    friend IdMap;
    Map* map_ = nullptr;
    std::uint64_t number_ = 0;
  };
  using iterator = Iterator<false>;
  using const_iterator = Iterator<true>;

  IdMap() = default;
  IdMap(const IdMap& other) {
    for (const auto& [id, value] : other) emplace(id, value);
  }
  IdMap(IdMap&& other) noexcept
      : pages_(std::move(other.pages_)), size_(std::exchange(other.size_, 0)) {}
  IdMap& operator=(IdMap other) noexcept {
    std::swap(pages_, other.pages_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~IdMap() = default;

  iterator begin() { return {this, next_from(0)}; }
  iterator end() { return {this, past_all}; }
  const_iterator begin() const { return {this, next_from(0)}; }
  const_iterator end() const { return {this, past_all}; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  iterator find(Id id) { return {this, place_of(id)}; }
  const_iterator find(Id id) const { return {this, place_of(id)}; }
  bool contains(Id id) const { return entry(id.number()) != nullptr; }
  /// The first behind the id.
  const_iterator upper_bound(Id id) const {
    return {this, next_from(std::uint64_t{id.number()} + 1)};
  }

  /// Of an entry that is there.
  Value& at(Id id) { return present(id).second; }
  const Value& at(Id id) const { return present(id).second; }

  template <class... Args>
  std::pair<iterator, bool> emplace(Id id, Args&&... args) {
    const auto number = std::uint64_t{id.number()};
    pages_.resize(std::max(pages_.size(), static_cast<std::size_t>(number / page_size + 1)));
    auto& page = pages_[number / page_size];
    if (!page) page = std::make_unique<Page>();
    auto& slot = page->slots[number % page_size];
    if (slot) return {{this, number}, false};
    slot = std::make_unique<value_type>(std::piecewise_construct, std::forward_as_tuple(id),
                                        std::forward_as_tuple(std::forward<Args>(args)...));
    ++page->n_used;
    ++size_;
    return {{this, number}, true};
  }

  std::size_t erase(Id id) {
    const auto number = std::uint64_t{id.number()};
    if (entry(number) == nullptr) return 0;
    auto& page = pages_[number / page_size];
    page->slots[number % page_size].reset();
    --size_;
    if (--page->n_used == 0) page.reset();
    return 1;
  }
  void erase(const_iterator at) { erase(at->first); }

  bool operator==(const IdMap& other) const {
    return size_ == other.size_ && std::equal(begin(), end(), other.begin());
  }

 private:
  static constexpr std::size_t page_size = 512;
  static constexpr std::uint64_t past_all = std::uint64_t{1} << 32;

  struct Page {
    std::size_t n_used = 0;
    std::array<std::unique_ptr<value_type>, page_size> slots;
  };

  value_type* entry(std::uint64_t number) const {
    const auto place = static_cast<std::size_t>(number / page_size);
    if (place >= pages_.size() || !pages_[place]) return nullptr;
    return pages_[place]->slots[number % page_size].get();
  }

  std::uint64_t place_of(Id id) const {
    return entry(id.number()) != nullptr ? id.number() : past_all;
  }

  std::uint64_t next_from(std::uint64_t number) const {
    const auto n_numbers = std::uint64_t{pages_.size()} * page_size;
    while (number < n_numbers) {
      const auto& page = pages_[number / page_size];
      if (!page) {
        number = (number / page_size + 1) * page_size;
      } else if (page->slots[number % page_size]) {
        return number;
      } else {
        ++number;
      }
    }
    return past_all;
  }

  /// Of an entry that is there.
  std::uint64_t last_before(std::uint64_t number) const {
    number = std::min(number, std::uint64_t{pages_.size()} * page_size) - 1;
    while (entry(number) == nullptr)
      number = pages_[number / page_size] ? number - 1 : number / page_size * page_size - 1;
    return number;
  }

  value_type& present(Id id) const {
    auto* found = entry(id.number());
    check(found != nullptr, "what is looked up by its number is there");
    return *found;
  }

  std::vector<std::unique_ptr<Page>> pages_;
  std::size_t size_ = 0;
};

}  // namespace base
