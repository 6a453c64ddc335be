#pragma once
// The protocols by which the ranks of a step may find each other.

#include <optional>
#include <string_view>

namespace model {

/// Each MPI library speaks one: Open MPI 4 and later PMIx, MPICH and Intel MPI PMI-1. Ranks are
/// offered both, and take what they know.
enum class StartUp { all, pmix, pmi1, none };

constexpr bool offers_pmix(StartUp start_up) {
  return start_up == StartUp::all || start_up == StartUp::pmix;
}

constexpr bool offers_pmi1(StartUp start_up) {
  return start_up == StartUp::all || start_up == StartUp::pmi1;
}

std::string_view to_text(StartUp start_up);
std::optional<StartUp> start_up_from_text(std::string_view text);

}  // namespace model
