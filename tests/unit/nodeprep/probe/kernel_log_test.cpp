#include "nodeprep/probe/kernel_log.h"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

const std::string lost = "NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.";

}  // namespace

TEST_CASE("records are read with the lines that go on left out; a log that is not there is empty") {
  const support::TempFolder root;
  std::ofstream(root / "kmsg") << "4,5,0,-;" + lost + "\n SUBSYSTEM=pci\n6,6,1,-;x\n9,7,1,-;" +
                                      lost + "\n";
  CHECK(probe::read_kernel_records(root / "kmsg") ==
        std::vector<judge::KernelRecord>{{5, lost}, {6, "x"}});
  CHECK(probe::read_kernel_records(root / "none").empty());
}

TEST_CASE("what stands is kept over looks, until it is to be forgotten") {
  const support::TempFolder root;
  const std::vector<judge::KernelRecord> records{{5, lost}};
  CHECK(probe::look_at_kernel_log(root.path(), records).log.grave == std::vector{lost});
  CHECK(probe::look_at_kernel_log(root.path(), {}).log.grave == std::vector{lost});
  std::ofstream(root / "forget").flush();
  CHECK(probe::look_at_kernel_log(root.path(), records).log.grave.empty());
  CHECK(!std::filesystem::exists(root / "forget"));
  CHECK(probe::look_at_kernel_log(root.path(), records).log.grave.empty());  // it was seen
  CHECK(probe::look_at_kernel_log(root.path(), {{6, lost}}).log.grave == std::vector{lost});
}

TEST_CASE("what was kept in another boot is nothing") {
  const support::TempFolder root;
  std::ofstream(root / "kernel_log") << "another\n9\n" + lost + "\n";
  const auto look = probe::look_at_kernel_log(root.path(), {{1, "x"}});
  CHECK(look.log == judge::KernelLog{.next = 2, .grave = {}});
}
