// The map of ranks on real machines is the one that their vendors and sites recommend.

#include "tests/support/machines.h"
#include "launcher/map/placement.h"
#include "tests/support/catch.h"

namespace {

using model::CoreSet;
using support::Machine;

/// A step with the whole machine, or with some of its cores, and all GPUs.
struct Step {
  int ranks = 1;
  int cores_per_rank = 1;
  CoreSet without;  // cores that the job does not have

  mapping::Placement on(const model::Topology& machine) const {
    auto step = std::make_shared<model::StepSpec>();
    step->cpus_per_task = cores_per_rank;
    model::LaunchOrder order{
        .key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)},
        .job = std::make_shared<model::JobSpec>(),
        .step = step,
        .tasks = {ranks}};
    order.allocation.nodes.push_back(
        {.node = model::NodeId(1),
         .tasks = ranks,
         .cores = CoreSet::range(0, static_cast<int>(machine.cores.size())) - without,
         .gpus = model::GpuSet::range(0, static_cast<int>(machine.gpus.size()))});
    return mapping::map_ranks(order, machine).value();
  }
};

using Lines = std::vector<std::string>;

/// "hardware threads @ memory domain", and the GPU where there are any.
Lines lines(const mapping::Placement& placement) {
  Lines found;
  for (const auto& rank : placement.ranks) {
    auto line = to_text(rank.cpus) + " @" + to_text(rank.numa);
    if (!rank.gpus.empty()) line += " GPU " + to_text(rank.gpus);
    found.push_back(line);
  }
  return found;
}

model::Topology lumi_node() {
  return support::with_gpus(
      Machine{.packages = 1, .domains = 4, .cores = 16, .threads = 2}.topology(),
      {3, 3, 1, 1, 0, 0, 2, 2});
}

model::Topology dgx_a100() {
  return support::with_gpus(
      Machine{.packages = 2, .domains = 4, .cores = 16, .threads = 2}.topology(),
      {3, 3, 1, 1, 7, 7, 5, 5});
}

}  // namespace

// NVIDIA DGX A100 User Guide, "nvidia-smi topo -m": GPU 0 and 1 are near domain 3, 2 and 3 near 1.
TEST_CASE("DGX A100: each of eight ranks is in the domain of its GPU") {
  CHECK(lines(Step{.ranks = 8, .cores_per_rank = 8}.on(dgx_a100())) ==
        Lines{"48-55,176-183 @3 GPU 0", "56-63,184-191 @3 GPU 1", "16-23,144-151 @1 GPU 2",
              "24-31,152-159 @1 GPU 3", "112-119,240-247 @7 GPU 4", "120-127,248-255 @7 GPU 5",
              "80-87,208-215 @5 GPU 6", "88-95,216-223 @5 GPU 7"});
}

TEST_CASE("DGX A100: ranks that want more than their domain has share the rest of the package") {
  const auto placement = Step{.ranks = 8, .cores_per_rank = 16}.on(dgx_a100());
  CHECK(lines(placement) ==
        Lines{"0-7,48-55,128-135,176-183 @0,3 GPU 0", "8-15,56-63,136-143,184-191 @0,3 GPU 1",
              "16-23,32-39,144-151,160-167 @1-2 GPU 2", "24-31,40-47,152-159,168-175 @1-2 GPU 3",
              "64-71,112-119,192-199,240-247 @4,7 GPU 4",
              "72-79,120-127,200-207,248-255 @4,7 GPU 5", "80-87,96-103,208-215,224-231 @5-6 GPU 6",
              "88-95,104-111,216-223,232-239 @5-6 GPU 7"});
}

TEST_CASE("DGX A100: a rank with two GPUs has cores near both") {
  const auto placement = Step{.ranks = 2, .cores_per_rank = 4}.on(dgx_a100());
  CHECK(lines(placement) == Lines{"16,24,48,56,144,152,176,184 @1,3 GPU 0-3",
                                  "80,88,112,120,208,216,240,248 @5,7 GPU 4-7"});
}

// NVIDIA DGX H100/H200 User Guide: GPU 0-3 have the CPU affinity 0-55,112-167, GPU 4-7 the rest.
TEST_CASE("HGX H100: four ranks on each socket, in the order of the GPUs") {
  const auto machine = support::with_gpus(
      Machine{.packages = 2, .cores = 56, .threads = 2}.topology(), {0, 0, 0, 0, 1, 1, 1, 1});
  CHECK(lines(Step{.ranks = 8, .cores_per_rank = 14}.on(machine)) ==
        Lines{"0-13,112-125 @0 GPU 0", "14-27,126-139 @0 GPU 1", "28-41,140-153 @0 GPU 2",
              "42-55,154-167 @0 GPU 3", "56-69,168-181 @1 GPU 4", "70-83,182-195 @1 GPU 5",
              "84-97,196-209 @1 GPU 6", "98-111,210-223 @1 GPU 7"});
}

// LUMI documentation, "Distribution and binding", GPU binding: with the first core of each complex
// kept for the system, --cpu-bind=map_cpu:49,57,17,25,1,9,33,41 for GCD 0 to 7.
TEST_CASE("MI250X, LUMI: a rank is on the complex that is wired to its GCD") {
  const auto reserved = *model::index_set_from_text("0,8,16,24,32,40,48,56");
  const auto placement = Step{.ranks = 8, .without = reserved}.on(lumi_node());
  CHECK(lines(placement) == Lines{"49,113 @3 GPU 0", "57,121 @3 GPU 1", "17,81 @1 GPU 2",
                                  "25,89 @1 GPU 3", "1,65 @0 GPU 4", "9,73 @0 GPU 5",
                                  "33,97 @2 GPU 6", "41,105 @2 GPU 7"});
}

// OLCF Frontier User Guide, "Node layout": GCD 0 goes with cores 48-55, 1 with 56-63, 2 with 16-23,
// 3 with 24-31, 4 with 0-7, 5 with 8-15, 6 with 32-39, 7 with 40-47; seven of each for a job.
TEST_CASE("MI250X, Frontier: seven cores of the complex of its GCD for each rank") {
  const auto reserved = *model::index_set_from_text("0,8,16,24,32,40,48,56");
  const auto placement = Step{.ranks = 8, .cores_per_rank = 7, .without = reserved}.on(lumi_node());
  CHECK(lines(placement) == Lines{"49-55,113-119 @3 GPU 0", "57-63,121-127 @3 GPU 1",
                                  "17-23,81-87 @1 GPU 2", "25-31,89-95 @1 GPU 3",
                                  "1-7,65-71 @0 GPU 4", "9-15,73-79 @0 GPU 5",
                                  "33-39,97-103 @2 GPU 6", "41-47,105-111 @2 GPU 7"});
}

// AMD, "MI300A system optimization": each APU is a domain with 24 cores and its GPU.
TEST_CASE("four MI300A: a rank has its APU") {
  const auto machine = support::with_gpus(
      Machine{.packages = 4, .cores = 24, .threads = 2}.topology(), {0, 1, 2, 3});
  CHECK(lines(Step{.ranks = 4, .cores_per_rank = 24}.on(machine)) ==
        Lines{"0-23,96-119 @0 GPU 0", "24-47,120-143 @1 GPU 1", "48-71,144-167 @2 GPU 2",
              "72-95,168-191 @3 GPU 3"});
}

// NVIDIA Grace Performance Tuning Guide: domain 0 has the 72 cores, the others are memory of the
// GPU, which must not be taken for places to run.
TEST_CASE("Grace Hopper: ranks stay in the domain that has cores") {
  const auto machine = support::with_gpus(
      support::with_memory_of_gpus(Machine{.cores = 72}.topology(), {1, 2, 3, 4, 5, 6, 7, 8}), {0});
  CHECK(lines(Step{.ranks = 1, .cores_per_rank = 72}.on(machine)) == Lines{"0-71 @0 GPU 0"});
  CHECK(lines(Step{.ranks = 4}.on(machine)) ==
        Lines{"0 @0 GPU 0", "18 @0 GPU 0", "36 @0 GPU 0", "54 @0 GPU 0"});
}

// CSCS Alps and JSC JUPITER documentation: four superchips, rank i on the cores of GPU i.
TEST_CASE("four Grace Hoppers: a rank has the superchip of its GPU") {
  const auto machine = support::with_gpus(
      support::with_memory_of_gpus(Machine{.packages = 4, .cores = 72}.topology(), {4, 12, 20, 28}),
      {0, 1, 2, 3});
  CHECK(lines(Step{.ranks = 4, .cores_per_rank = 72}.on(machine)) ==
        Lines{"0-71 @0 GPU 0", "72-143 @1 GPU 1", "144-215 @2 GPU 2", "216-287 @3 GPU 3"});
}

TEST_CASE("a GPU that is known only by its own memory gets cores all the same") {
  const auto machine =
      support::with_gpus(support::with_memory_of_gpus(Machine{.cores = 8}.topology(), {1}), {1});
  CHECK(lines(Step{.ranks = 2, .cores_per_rank = 4}.on(machine)) ==
        Lines{"0-3 @0 GPU 0", "4-7 @0 GPU 0"});
}

// Intel Xeon Platinum 8468; Intel MPI Developer Reference, "Process pinning": ranks of a node are
// spread evenly over its sockets, their cores contiguous.
TEST_CASE("two Xeons without GPUs: ranks are spread over the sockets, in order") {
  const auto machine = Machine{.packages = 2, .cores = 48, .threads = 2}.topology();
  CHECK(lines(Step{.ranks = 2}.on(machine)) == Lines{"0,96 @0", "48,144 @1"});
  CHECK(lines(Step{.ranks = 4, .cores_per_rank = 24}.on(machine)) ==
        Lines{"0-23,96-119 @0", "24-47,120-143 @0", "48-71,144-167 @1", "72-95,168-191 @1"});
  CHECK(lines(Step{.ranks = 3, .cores_per_rank = 32}.on(machine)) ==
        Lines{"0-31,96-127 @0", "48-79,144-175 @1", "32-47,80-95,128-143,176-191 @0-1"});
  const auto full = Step{.ranks = 96}.on(machine);
  CHECK(to_text(full.ranks[47].cpus) == "47,143");
  CHECK(to_text(full.ranks[48].cpus) == "48,144");
}

// AMD EPYC 7003 tuning guide for HPC, four domains per socket: ranks even over the eight domains,
// none across two.
TEST_CASE("two EPYCs in eight domains: no rank lies across domains") {
  const auto machine = Machine{.packages = 2, .domains = 4, .cores = 16, .threads = 2}.topology();
  const auto placement = Step{.ranks = 16, .cores_per_rank = 8}.on(machine);
  for (int rank = 0; rank < 16; ++rank) {
    const auto& place = placement.ranks[static_cast<std::size_t>(rank)];
    CHECK(to_text(place.numa) == std::to_string(rank / 2));
    CHECK(place.cpus.contains(rank * 8));
  }
  CHECK(lines(Step{.ranks = 2}.on(machine)) == Lines{"0,128 @0", "64,192 @4"});
  CHECK(lines(Step{.ranks = 8, .cores_per_rank = 10}.on(machine))[7] == "112-121,240-249 @7");
}

// Intel, "Game Dev Guide for hybrid architecture": performance cores first. Core i9-13900K: eight
// with two threads each, and sixteen efficient ones.
TEST_CASE("performance and efficient cores: the fast ones are used first") {
  auto machine = Machine{.cores = 8, .threads = 2, .adjacent = true}.topology();
  for (int core = 0; core < 16; ++core)
    machine.cores.push_back({.cpus = model::CpuSet::range(16 + core, 1)});
  CHECK(lines(Step{.ranks = 4}.on(machine)) == Lines{"0-1 @0", "4-5 @0", "8-9 @0", "12-13 @0"});
  CHECK(lines(Step{.ranks = 2, .cores_per_rank = 4}.on(machine)) == Lines{"0-7 @0", "8-15 @0"});
  const auto ten = Step{.ranks = 10}.on(machine);
  CHECK(to_text(ten.ranks[7].cpus) == "14-15");
  CHECK(to_text(ten.ranks[8].cpus) == "16");
  CHECK(to_text(ten.ranks[9].cpus) == "17");
}

// AMD Ryzen Threadripper PRO, one domain: both GPUs are equally near to all cores.
TEST_CASE("a workstation with two GPUs: each rank has half of the cores") {
  const auto machine = support::with_gpus(Machine{.cores = 32, .threads = 2}.topology(), {0, 0});
  CHECK(lines(Step{.ranks = 2, .cores_per_rank = 16}.on(machine)) ==
        Lines{"0-15,32-47 @0 GPU 0", "16-31,48-63 @0 GPU 1"});
  CHECK(lines(Step{.ranks = 4, .cores_per_rank = 8}.on(machine))[3] == "24-31,56-63 @0 GPU 0-1");
}

// IBM Power System AC922 Technical Overview (REDP-5494): two GPUs at each socket, sockets are
// domains 0 and 8, memory of GPUs is 252 to 255, four threads a core.
TEST_CASE("POWER9 with four GPUs: two ranks at each socket") {
  auto machine = Machine{.packages = 2, .cores = 22, .threads = 4, .adjacent = true}.topology();
  machine.numa[1].os_index = 8;
  machine =
      support::with_gpus(support::with_memory_of_gpus(machine, {252, 253, 254, 255}), {0, 0, 1, 1});
  CHECK(lines(Step{.ranks = 4, .cores_per_rank = 11}.on(machine)) ==
        Lines{"0-43 @0 GPU 0", "44-87 @0 GPU 1", "88-131 @8 GPU 2", "132-175 @8 GPU 3"});
}

// Intel Xeon Gold 6148 with Hyper-Threading off.
TEST_CASE("a machine with one thread a core: a rank has one hardware thread for each core") {
  const auto machine = Machine{.packages = 2, .cores = 20}.topology();
  CHECK(lines(Step{.ranks = 4, .cores_per_rank = 10}.on(machine)) ==
        Lines{"0-9 @0", "10-19 @0", "20-29 @1", "30-39 @1"});
}

// A job on one socket of a DGX A100 whose GPUs are all at the other: far cores, but all of them.
TEST_CASE("cores far from the GPU are better than none") {
  const auto placement =
      Step{.ranks = 4, .cores_per_rank = 16, .without = CoreSet::range(0, 64)}.on(dgx_a100());
  CHECK(placement.unbound.empty());
  CHECK(lines(placement)[0] == "64-79,192-207 @4 GPU 0-1");
}
