#include "launcher/map/doctor.h"

#include <algorithm>
#include <map>
#include <utility>

#include "lib/base/text.h"
#include "lib/model/index_set.h"

namespace mapping {

namespace {

constexpr int most_lines = 8;
constexpr int last_stage = static_cast<int>(look_times.size()) - 1;

std::string ranks_text(const model::IndexSet& ranks) {
  return (ranks.count() == 1 ? "rank " : "ranks ") + to_text(ranks);
}

std::string describe(const model::LoneRank& rank) {
  std::string text = rank.program;
  text += rank.mpi_library.empty() ? ", which has loaded no MPI library"
                                   : ", which has loaded " + rank.mpi_library;
  if (!rank.why_alone.empty()) text += " and starts alone";
  return text;
}

}  // namespace

Doctor::Doctor(const std::vector<StepNode>& nodes) : places_(nodes), nodes_(nodes.size()) {
  for (const auto& node : nodes) n_ranks_ += node.n_ranks();
}

void Doctor::take(std::size_t node, model::NodeLook look) {
  auto& known = nodes_[node];
  known.stage = std::max(known.stage, look.stage);
  known.n_connected = look.n_connected;
  known.n_waiting = look.n_waiting;
  known.lone = std::move(look.lone);
}

void Doctor::node_ended(std::size_t node) {
  nodes_[node].ended = true;
  nodes_[node].n_waiting = 0;
}

bool Doctor::have_looked(int stage) const {
  return std::ranges::all_of(
      nodes_, [stage](const Node& node) { return node.ended || node.stage >= stage; });
}

std::string Doctor::take_notes() {
  if (n_ranks_ < 2) return {};  // which is rank 0 of 1 anyway
  return alone_note() + waiting_note() + end_note();
}

/// One line for all ranks that start alone for the same cause.
std::string Doctor::alone_note() {
  if (!have_looked(0)) return {};
  std::map<std::pair<std::string, std::string>, model::IndexSet> alone;  // by library and cause
  for (const auto& node : nodes_) {
    for (const auto& rank : node.lone) {
      if (rank.why_alone.empty() || !told_alone_.insert(rank.rank).second) continue;
      alone[{rank.mpi_library, rank.why_alone}].add(rank.rank);
    }
  }
  std::string text;
  for (const auto& [what, ranks] : alone) {
    text += ranks_text(ranks) + ": MPI (" + what.first +
            ") does not find its launcher, and starts alone, as rank 0 of 1, or not at all: " +
            what.second + "\n";
  }
  return text;
}

std::string Doctor::waiting_note() {
  if (told_waiting_ || !have_looked(last_stage)) return {};
  int n_waiting = 0;
  model::IndexSet missing;
  std::string lines;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    n_waiting += nodes_[node].n_waiting;
    for (const auto& rank : nodes_[node].lone) {
      if (rank.has_ended) continue;
      missing.add(rank.rank);
      if (missing.count() > most_lines) continue;
      lines += "  rank " + std::to_string(rank.rank) + " on " + places_[node].name + ": " +
               describe(rank) + "\n";
    }
  }
  if (n_waiting == 0 || missing.empty()) return {};
  told_waiting_ = true;
  if (missing.count() > most_lines) lines += "  ...\n";
  return base::plural(n_waiting, "rank") + (n_waiting == 1 ? " waits" : " wait") +
         " in MPI_Init for " + ranks_text(missing) + ", which after " +
         base::to_text(look_times.back()) + " did not call it:\n" + lines;
}

/// What no single rank shows: that none of them came though all had the library.
std::string Doctor::end_note() {
  if (told_end_ || !std::ranges::all_of(nodes_, &Node::ended)) return {};
  told_end_ = true;
  model::IndexSet seen;
  std::string library;
  for (const auto& node : nodes_) {
    if (node.n_connected > 0) return {};
    for (const auto& rank : node.lone) {
      if (rank.mpi_library.empty()) continue;
      seen.add(rank.rank);
      library = rank.mpi_library;
    }
  }
  const bool are_explained = told_alone_.size() == static_cast<std::size_t>(seen.count());
  if (seen.count() != n_ranks_ || are_explained) return {};
  return "all " + std::to_string(n_ranks_) + " ranks loaded MPI (" + library +
         "), and none came to the PMIx or PMI-1 server of its node: if they called MPI_Init, each "
         "was rank 0 of 1\n";
}

}  // namespace mapping
