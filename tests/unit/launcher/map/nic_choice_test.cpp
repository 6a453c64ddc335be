// The card of each rank is the one that the machine's vendor and NCCL would take.

#include "launcher/map/nic_choice.h"

#include <string>

#include "launcher/map/placement.h"
#include "tests/support/catch.h"
#include "tests/support/machines.h"

namespace {

using model::CpuSet;
using model::GpuSet;
using support::Machine;

model::Nic card(int number, int domain, std::vector<std::string> bridges) {
  return {.name = "mlx5_" + std::to_string(number),
          .pci = "0000:0" + std::to_string(number) + ":00.1",
          .numa = domain,
          .bridges = std::move(bridges)};
}

/// The names of the cards for ranks that use these GPUs, or these hardware threads.
std::string cards(const model::Topology& machine, const std::vector<mapping::NicWish>& wishes) {
  std::string names;
  for (const auto& place : mapping::choose_nics(machine, wishes))
    names += (place ? machine.nics[static_cast<std::size_t>(*place)].name : "none") + " ";
  return names;
}

std::vector<mapping::NicWish> one_gpu_each(int n) {
  std::vector<mapping::NicWish> wishes;
  for (int gpu = 0; gpu < n; ++gpu) wishes.push_back({.gpus = GpuSet::range(gpu, 1)});
  return wishes;
}

/// Four switches, each with two GPUs, two cards for compute and, at two of them, one for storage.
model::Topology dgx_with_cards() {
  auto machine =
      support::with_gpus(Machine{.packages = 2, .domains = 4, .cores = 16, .threads = 2}.topology(),
                         {3, 3, 1, 1, 7, 7, 5, 5});
  for (std::size_t gpu = 0; gpu < 8; ++gpu) {
    const auto side = std::to_string(gpu / 2);
    machine.gpus[gpu].bridges = {"root " + side, "switch " + side, "port " + std::to_string(gpu)};
  }
  const std::vector<int> sides{0, 0, 1, 1, 1, 3, 2, 2, 3, 3};
  const std::vector<int> domains{3, 1, 7, 5};
  for (int number = 0; number < 10; ++number) {
    const auto side = sides[static_cast<std::size_t>(number)];
    const auto name = std::to_string(side);
    const bool is_storage = number == 4 || number == 5;
    std::vector<std::string> bridges{"root " + name};
    if (!is_storage) bridges.push_back("switch " + name);
    machine.nics.push_back(card(number, domains[static_cast<std::size_t>(side)], bridges));
  }
  return machine;
}

}  // namespace

// NVIDIA DGX A100 User Guide, "nvidia-smi topo -m": the cards that are PXB to a GPU are those of
// its switch; mlx5_4 and mlx5_5 are for storage.
TEST_CASE("DGX A100: each GPU has a card of its own switch, and no two the same") {
  CHECK(cards(dgx_with_cards(), one_gpu_each(8)) ==
        "mlx5_0 mlx5_1 mlx5_2 mlx5_3 mlx5_6 mlx5_7 mlx5_8 mlx5_9 ");
}

TEST_CASE("more ranks than cards share them evenly") {
  std::vector<mapping::NicWish> wishes;
  for (int rank = 0; rank < 4; ++rank) wishes.push_back({.gpus = GpuSet::range(2, 2)});
  CHECK(cards(dgx_with_cards(), wishes) == "mlx5_2 mlx5_3 mlx5_2 mlx5_3 ");
}

// A server with one card at the second processor, and one with a card at each.
TEST_CASE("without GPUs the card is near the cores, in their package at least") {
  auto machine = Machine{.packages = 2, .domains = 2, .cores = 4}.topology();
  machine.nics = {card(0, 2, {"root"})};
  const std::vector<mapping::NicWish> wishes{{.gpus = {}, .cpus = CpuSet::range(0, 4)},
                                             {.gpus = {}, .cpus = CpuSet::range(12, 4)}};
  CHECK(cards(machine, wishes) == "mlx5_0 mlx5_0 ");
  machine.nics.push_back(card(1, 1, {"root"}));
  CHECK(cards(machine, wishes) == "mlx5_1 mlx5_0 ");
  CHECK(cards(machine, {{}, {}}) == "mlx5_0 mlx5_1 ");  // not bound
  machine.nics.clear();
  CHECK(cards(machine, wishes) == "none none ");
}

// A slice of a machine whose only card is elsewhere.
TEST_CASE("a card that is near nothing is better than none") {
  auto machine = Machine{.cores = 2}.topology();
  machine.nics = {card(3, 0, {})};
  machine.nics.front().numa.reset();
  CHECK(cards(machine, {{.gpus = {}, .cpus = CpuSet::range(0, 1)}}) == "mlx5_3 ");
}

TEST_CASE("a placement names the card of each rank") {
  auto step = std::make_shared<model::StepSpec>();
  step->cpus_per_task = 8;
  model::LaunchOrder order{.key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)},
                           .job = std::make_shared<model::JobSpec>(),
                           .step = step,
                           .tasks = {4}};
  order.allocation.nodes.push_back({.node = model::NodeId(1),
                                    .tasks = 4,
                                    .cores = model::CoreSet::range(0, 128),
                                    .gpus = GpuSet::range(4, 4)});
  const auto placement = mapping::map_ranks(order, dgx_with_cards()).value();
  std::string names;
  for (const auto& rank : placement.ranks) names += rank.nic + " ";
  CHECK(names == "mlx5_6 mlx5_7 mlx5_8 mlx5_9 ");
}
