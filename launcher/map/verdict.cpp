#include "launcher/map/verdict.h"

#include <algorithm>

namespace mapping {

namespace {

constexpr int kill_signal = 9;

}  // namespace

int exit_code_of(const std::vector<RankLife>& ranks) {
  int highest = 0;
  for (const auto& rank : ranks) {
    highest = std::max(highest, rank.signal != 0 ? 128 + rank.signal : rank.code);
  }
  return highest;
}

std::optional<model::Failure> judge_end(const RankLife& rank) {
  model::Failure failure;
  if (rank.out_of_memory && (rank.signal == kill_signal || rank.code != 0)) {
    failure.cause = model::Cause::out_of_memory;
    failure.code = rank.code;
  } else if (rank.signal != 0) {
    failure.cause = model::Cause::signal;
    failure.code = rank.signal;
  } else if (rank.code != 0) {
    failure.cause = model::Cause::exit_code;
    failure.code = rank.code;
  } else if (rank.connected && !rank.finalized) {
    failure.cause = model::Cause::not_finalized;
  } else {
    return std::nullopt;
  }
  return failure;
}

bool is_waiting(const RankLife& rank) {
  return rank.connected && !rank.finalized && !rank.ended;
}

bool is_own_affair(const RankLife& rank, const model::Failure& failure) {
  const bool ended_so = failure.cause == model::Cause::exit_code ||
                        failure.cause == model::Cause::signal ||
                        failure.cause == model::Cause::out_of_memory;
  return ended_so && (!rank.connected || rank.finalized);
}

std::optional<std::size_t> find_done_without_mpi(const std::vector<RankLife>& ranks,
                                                 bool keeps_going) {
  const auto absent = std::ranges::find_if(ranks, [keeps_going](const RankLife& rank) {
    const bool is_well = rank.code == 0 && rank.signal == 0;
    return rank.ended && !rank.connected && (is_well || keeps_going);
  });
  if (absent == ranks.end()) return std::nullopt;
  return static_cast<std::size_t>(absent - ranks.begin());
}

std::optional<std::size_t> find_absent(const std::vector<RankLife>& ranks, bool keeps_going) {
  if (std::ranges::none_of(ranks, is_waiting)) return std::nullopt;
  return find_done_without_mpi(ranks, keeps_going);
}

}  // namespace mapping
