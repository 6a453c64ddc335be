#pragma once
// Which nodes sum up with each other, and when: each with both of its neighbours in a ring.

namespace gpucheck {

/// Of two nodes there is one pair; of an odd number of them one is left over in each of two rounds.
constexpr int rounds_for(int n_nodes) {
  if (n_nodes == 2) return 1;
  return n_nodes % 2 == 0 ? 2 : 3;
}

/// The number of the pair in which a node is in this round, which the other one has too; -1: none.
constexpr int pair_of(int node, int n_nodes, int round) {
  if (round == 2) return node == 0 || node == n_nodes - 1 ? 0 : -1;
  const int place = (node + n_nodes - round) % n_nodes;
  if (n_nodes % 2 == 1 && place == n_nodes - 1) return -1;
  return place / 2;
}

}  // namespace gpucheck
