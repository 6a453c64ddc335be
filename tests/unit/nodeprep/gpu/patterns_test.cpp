#include "nodeprep/gpu/patterns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <set>

#include "nodeprep/gpu/report.h"
#include "tests/support/catch.h"

using namespace gpucheck;

TEST_CASE("a walking one has one bit, which is everywhere after 64 words or 64 turns") {
  std::uint64_t over_words = 0;
  std::uint64_t over_turns = 0;
  for (std::uint64_t i = 0; i < 64; ++i) {
    CHECK(std::popcount(word_of(Pattern::walking_one, 3, i)) == 1);
    CHECK(word_of(Pattern::walking_zero, 3, i) == ~word_of(Pattern::walking_one, 3, i));
    over_words |= word_of(Pattern::walking_one, 3, i);
    over_turns |= word_of(Pattern::walking_one, i, 5);
  }
  CHECK(over_words == ~std::uint64_t{0});
  CHECK(over_turns == ~std::uint64_t{0});
}

TEST_CASE("words of the address patterns differ at all places, and from those of the next turn") {
  for (const auto pattern : {Pattern::address, Pattern::no_address, Pattern::random}) {
    std::set<std::uint64_t> words;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      words.insert(word_of(pattern, 0, i));
      CHECK(word_of(pattern, 0, i) != word_of(pattern, 1, i));
    }
    CHECK(words.size() == 1000);
  }
  CHECK(word_of(Pattern::address, 0, std::uint64_t{1} << 33) == std::uint64_t{1} << 36);
}

TEST_CASE("random words are those of splitmix64") {
  CHECK(word_of(Pattern::random, 0, 0) == 0xe220a8397b1dcdafu);
  CHECK(word_of(Pattern::random, 0, 1) == 0x6e789e6aa1b965f4u);
}

TEST_CASE("entries of matrices keep a product of 4096 rows exact in single precision") {
  float largest = 0;
  std::set<float> entries;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    entries.insert(entry_of(0, i));
    largest = std::max(largest, std::abs(entry_of(1, i)));
  }
  CHECK(entries.size() == 7);
  CHECK(largest * largest * 4096 < static_cast<float>(1 << 24));
}

TEST_CASE("the sum of an allreduce is that of its parts") {
  for (const std::uint64_t i : {std::uint64_t{0}, std::uint64_t{250}, std::uint64_t{12345}}) {
    float sum = 0;
    for (std::uint64_t rank = 0; rank < 9; ++rank) sum += part_of_sum(rank, i);
    CHECK(sum == whole_sum(9, i));
  }
}

TEST_CASE("a report is one line of JSON, whatever is in its texts") {
  model::GpuCheck gpu;
  gpu.uuid = "GPU-1";
  gpu.problem = "a \"quoted\" \\ and\nbroken text";
  gpu.first_wrong = 1;
  const auto text = json_of(gpu);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.starts_with(
      R"({"uuid":"GPU-1","name":"","problem":"a \"quoted\" \\ and broken text",)"));
  CHECK(text.ends_with(R"("wrong_sums":0})"));
}
