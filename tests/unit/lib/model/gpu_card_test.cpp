#include "lib/model/gpu_card.h"

#include <cmath>

#include "tests/support/catch.h"

using model::card_of;

TEST_CASE("cards are known by the words of their names") {
  REQUIRE(card_of("NVIDIA H100 80GB HBM3"));
  CHECK(card_of("NVIDIA H100 80GB HBM3")->memory == 3350e9);
  CHECK(card_of("NVIDIA H100 PCIe")->memory == 2000e9);
  CHECK(card_of("NVIDIA A100-SXM4-40GB")->memory == 1555e9);
  CHECK(card_of("NVIDIA A100 80GB PCIe")->memory == 1935e9);
  CHECK(card_of("NVIDIA L40S")->memory == 864e9);
  CHECK(card_of("Tesla T4")->bus == 16e9);
}

TEST_CASE("a name that only looks like a known one is not known, nor is a part of a card") {
  CHECK_FALSE(card_of("NVIDIA A1000"));
  CHECK_FALSE(card_of("NVIDIA H1000 80GB HBM3"));
  CHECK_FALSE(card_of("NVIDIA H200 MIG 1g.18gb"));
  CHECK_FALSE(card_of(""));
}

TEST_CASE("rates below a part of the card's are named; our own kernel is not held to them") {
  model::GpuCheck gpu{.name = "NVIDIA H100 80GB HBM3"};
  gpu.to_device = 20e9;
  gpu.within = 2900e9;
  gpu.flops_per_second = 5e12;
  gpu.product_by = "kernel";
  const auto less = model::below_card(gpu, 0.4);
  REQUIRE(less.size() == 1);
  CHECK(less[0].what == "copies to the GPU");
  CHECK(std::abs(less[0].expected - 25.6e9) < 1);
  gpu.product_by = "cuBLAS";
  CHECK(model::below_card(gpu, 0.4).size() == 2);
  CHECK(model::below_card(gpu, 0).empty());
  gpu.name = "a card of tomorrow";
  CHECK(model::below_card(gpu, 0.4).empty());
}

TEST_CASE("each wrong result is a fault") {
  CHECK(model::faults_of({}).empty());
  model::GpuCheck gpu;
  gpu.wrong_words = 2;
  gpu.first_wrong = 64;
  gpu.wrong_pattern = "address";
  gpu.wrong_products = gpu.wrong_copies = gpu.wrong_sums = 1;
  gpu.problem = "cudaMalloc: CUDA says: out of memory";
  gpu.sums_problem = "libnccl.so.2 is not found";
  const auto faults = model::faults_of(gpu);
  REQUIRE(faults.size() == 6);
  CHECK(faults[0] == gpu.problem);
  CHECK(faults[1] ==
        "2 words of memory were read back wrong, the first at byte 64 by the pattern address");
  CHECK(faults[5] == "no allreduce: libnccl.so.2 is not found");
}
