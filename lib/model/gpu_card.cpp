#include "lib/model/gpu_card.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace model {

namespace {

constexpr double giga = 1e9;
constexpr double tera = 1e12;

struct Sheet {
  std::array<std::string_view, 3> words;  // that are all in its name; unused ones are empty
  GpuCard card;
};

// Source: NVIDIA's data sheets of these cards: "GPU memory bandwidth", "FP32" and "interconnect",
// of whose figure for PCIe half goes each way. Of those that fit, the first counts.
constexpr std::array sheets{
    Sheet{{"h200", "nvl", ""}, {4800 * giga, 64 * giga, 60 * tera}},
    Sheet{{"h200", "", ""}, {4800 * giga, 64 * giga, 67 * tera}},
    Sheet{{"h100", "nvl", ""}, {3900 * giga, 64 * giga, 60 * tera}},
    Sheet{{"h100", "pcie", ""}, {2000 * giga, 64 * giga, 51 * tera}},
    Sheet{{"h100", "80gb", "hbm3"}, {3350 * giga, 64 * giga, 67 * tera}},
    Sheet{{"a100", "80gb", "pcie"}, {1935 * giga, 32 * giga, 19.5 * tera}},
    Sheet{{"a100", "80gb", "sxm4"}, {2039 * giga, 32 * giga, 19.5 * tera}},
    Sheet{{"a100", "40gb", ""}, {1555 * giga, 32 * giga, 19.5 * tera}},
    Sheet{{"l40s", "", ""}, {864 * giga, 32 * giga, 91.6 * tera}},
    Sheet{{"l40", "", ""}, {864 * giga, 32 * giga, 90.5 * tera}},
    Sheet{{"l4", "", ""}, {300 * giga, 32 * giga, 30.3 * tera}},
    Sheet{{"a40", "", ""}, {696 * giga, 32 * giga, 37.4 * tera}},
    Sheet{{"a10", "", ""}, {600 * giga, 32 * giga, 31.2 * tera}},
    Sheet{{"t4", "", ""}, {300 * giga, 16 * giga, 8.1 * tera}},
};

std::vector<std::string> card_words(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == ' ' || c == '-') {
      words.emplace_back();
    } else {
      words.back().push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return words;
}

}  // namespace

std::optional<GpuCard> card_of(std::string_view name) {
  const auto words = card_words(name);
  // A part of a card has less of all.
  if (std::ranges::count(words, "mig") > 0) return std::nullopt;
  const auto fits = [&](const Sheet& sheet) {
    return std::ranges::all_of(sheet.words, [&](std::string_view word) {
      return word.empty() || std::ranges::count(words, word) > 0;
    });
  };
  const auto sheet = std::ranges::find_if(sheets, fits);
  return sheet == sheets.end() ? std::nullopt : std::optional(sheet->card);
}

std::vector<GpuShortfall> below_card(const GpuCheck& gpu, double part) {
  const auto card = card_of(gpu.name);
  if (!card || !gpu.problem.empty()) return {};
  std::vector<GpuShortfall> shortfalls;
  const auto compare = [&](const char* what, double found, double whole, const char* unit) {
    const double expected = whole * part;
    if (found > 0 && found < expected) shortfalls.push_back({what, found, expected, unit});
  };
  compare("copies to the GPU", gpu.to_device, card->bus, "B/s");
  compare("copies from the GPU", gpu.from_device, card->bus, "B/s");
  compare("copies within the GPU", gpu.within, card->memory, "B/s");
  // Our own kernel is a plain one, far from what a card can do.
  if (gpu.product_by == "cuBLAS") {
    compare("products of matrices", gpu.flops_per_second, card->flops, "FLOP/s");
  }
  return shortfalls;
}

std::vector<std::string> faults_of(const GpuCheck& gpu) {
  std::vector<std::string> faults;
  if (!gpu.problem.empty()) faults.push_back(gpu.problem);
  if (gpu.wrong_words > 0) {
    faults.push_back(std::to_string(gpu.wrong_words) + " words of memory were read back wrong, " +
                     "the first at byte " + std::to_string(gpu.first_wrong) + " by the pattern " +
                     gpu.wrong_pattern);
  }
  const auto count = [&](std::uint64_t n, const char* what) {
    if (n > 0) faults.push_back(std::to_string(n) + what);
  };
  count(gpu.wrong_products, " numbers of a product of matrices are wrong");
  count(gpu.wrong_copies, " words are wrong after a copy");
  count(gpu.wrong_sums, " numbers of an allreduce are wrong");
  if (!gpu.sums_problem.empty()) faults.push_back("no allreduce: " + gpu.sums_problem);
  return faults;
}

}  // namespace model
