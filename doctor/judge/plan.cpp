#include "doctor/judge/plan.h"

namespace doctor {

std::vector<std::vector<std::size_t>> rounds_of(std::size_t n_hops) {
  std::vector<std::vector<std::size_t>> rounds;
  const bool is_odd = n_hops % 2 == 1;
  const auto n_paired = is_odd ? n_hops - 1 : n_hops;
  for (std::size_t first = 0; first < 2 && first < n_paired; ++first) {
    auto& round = rounds.emplace_back();
    for (auto hop = first; hop < n_paired; hop += 2) round.push_back(hop);
  }
  if (is_odd) rounds.push_back({n_hops - 1});
  return rounds;
}

}  // namespace doctor
