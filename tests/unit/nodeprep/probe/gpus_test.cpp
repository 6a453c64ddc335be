#include "nodeprep/probe/gpus.h"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

namespace fs = std::filesystem;

std::vector<model::Gpu> two_on_the_bus() {
  model::Gpu first;
  first.pci = "0000:18:00.0";
  model::Gpu second;
  second.pci = "0000:65:00.0";
  second.numa = 1;
  return {first, second};
}

}  // namespace

TEST_CASE("the fake NVIDIA library's GPUs are read") {
  const auto gpus = nvml::read_gpus(MUSTER_FAKE_NVML);
  REQUIRE(gpus);
  REQUIRE(gpus->size() == 2);
  CHECK((*gpus)[0] == nvml::Gpu{.uuid = "GPU-fake-0",
                                .name = "NVIDIA H200",
                                .pci = "0000:65:00.0",
                                .memory = base::Bytes(std::uint64_t{141} << 30)});
  CHECK((*gpus)[1].pci == "0000:18:00.0");
}

TEST_CASE("a library that fails says with which call and code") {
  setenv("FAKE_NVML_FAILS", "nvmlInit_v2", 1);
  const auto gpus = nvml::read_gpus(MUSTER_FAKE_NVML);
  unsetenv("FAKE_NVML_FAILS");
  REQUIRE(!gpus);
  CHECK(gpus.error() == base::Error{base::Code::io, "nvmlInit_v2 failed with code 9"});
}

TEST_CASE("a machine without the library is told from one where it fails") {
  const auto gpus = nvml::read_gpus("libno-such-library.so.1");
  REQUIRE(!gpus);
  CHECK(gpus.error().code == base::Code::not_found);
}

TEST_CASE("GPUs come in PCI order, at the memory domain of their address") {
  const auto gpus = probe::merge_gpus(two_on_the_bus(), *nvml::read_gpus(MUSTER_FAKE_NVML));
  REQUIRE(gpus.size() == 2);
  CHECK(gpus[0].uuid == "GPU-fake-1");
  CHECK(gpus[0].numa == 0);
  CHECK(gpus[1].uuid == "GPU-fake-0");
  CHECK(gpus[1].kind == "NVIDIA H200");
  CHECK(gpus[1].numa == 1);
}

TEST_CASE("without the library, the GPUs that the driver has taken count") {
  const support::TempFolder root;
  const fs::path driver = root / "proc/driver/nvidia/gpus/0000:65:00.0";
  fs::create_directories(driver);
  std::ofstream(driver / "information") << "Model: \t\t NVIDIA H200\nIRQ:   \t\t 128\n"
                                           "GPU UUID: \t GPU-0a\nVideo BIOS: \t ??.??\n";
  const auto gpus = probe::merge_gpus(two_on_the_bus(), std::nullopt, root.path());
  REQUIRE(gpus.size() == 1);
  CHECK(gpus[0].pci == "0000:65:00.0");
  CHECK(gpus[0].kind == "NVIDIA H200");
  CHECK(gpus[0].uuid == "GPU-0a");
  CHECK(gpus[0].numa == 1);
}
