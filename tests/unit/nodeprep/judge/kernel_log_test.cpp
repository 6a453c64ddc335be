#include "nodeprep/judge/kernel_log.h"

#include "tests/support/catch.h"

using judge::KernelFault;
using judge::KernelRecord;
using judge::XidKind;

namespace {

const std::string lost = "NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.";
const std::string uncorrected =
    "EDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0)";
const std::string read_only = "EXT4-fs (sda2): Remounting filesystem read-only";

}  // namespace

TEST_CASE("records of the kernel are read, and not what programs wrote into its log") {
  CHECK(judge::record_from_line("4,2210,771209113,-;" + lost) == KernelRecord{2210, lost});
  CHECK(judge::record_from_line("6,1,0,-,caller=T1;a;b") == KernelRecord{1, "a;b"});
  CHECK(!judge::record_from_line("12,2211,771209113,-;" + lost));  // facility 1: a program
  CHECK(!judge::record_from_line(" SUBSYSTEM=pci"));
  CHECK(!judge::record_from_line(" DEVICE=+pci:0000:3b:00.0;x"));
  CHECK(!judge::record_from_line("4,-1,0,-;x"));
  CHECK(!judge::record_from_line(""));
}

TEST_CASE("Xids are read in the forms that drivers write") {
  CHECK(judge::xid_in(lost) == judge::Xid{79, "0000:3b:00.0", lost});
  CHECK(judge::xid_in("NVRM: Xid (PCI:0000:3B:00): 31, Ch 0003")->pci == "0000:3b:00.0");
  CHECK(judge::xid_in("NVRM: Xid (0000:3b:00): 62, 17f4(1e5c)")->number == 62);
  CHECK(judge::xid_in("NVRM: Xid (PCI:00000000:3b:00): 48")->pci == "0000:3b:00.0");
  CHECK(!judge::xid_in("NVRM: Xid (PCI:[4711]: segfault at 0 ip 0"));
  CHECK(!judge::xid_in("NVRM: Xid (PCI:0000:3b:00): many"));
  CHECK(!judge::xid_in("nvidia-nvswitch0: SXid (PCI:0000:3b:00): 12028"));
}

TEST_CASE("Xids of the device are told from those of programs") {
  for (const int number : {48, 61, 62, 64, 74, 79, 94, 95, 119, 120})
    CHECK(judge::kind_of_xid(number) == XidKind::grave);
  for (const int number : {13, 31, 43, 45})
    CHECK(judge::kind_of_xid(number) == XidKind::application);
  CHECK(judge::kind_of_xid(63) == XidKind::other);
  CHECK(judge::kind_of_xid(4242) == XidKind::other);
}

TEST_CASE(
    "lines about broken memory and disks are found, and names of processes are not taken for "
    "them") {
  CHECK(judge::fault_in(uncorrected) == KernelFault::memory);
  CHECK(
      judge::fault_in("Memory failure: 0x83a2f1: recovery action for dirty LRU page: Recovered") ==
      KernelFault::memory);
  CHECK(judge::fault_in("[Hardware Error]: Uncorrected, software restartable error.") ==
        KernelFault::memory);
  CHECK(judge::fault_in(read_only) == KernelFault::disk);
  CHECK(judge::fault_in("critical medium error, dev sda, sector 123 op 0x0:(READ)") ==
        KernelFault::disk);
  CHECK(judge::fault_in("I/O error, dev sdb, sector 8 op 0x0:(READ) flags 0x0") ==
        KernelFault::note);
  CHECK(judge::fault_in("mce: [Hardware Error]: Machine check events logged") == KernelFault::note);
  CHECK(judge::fault_in("INFO: task cp:812 blocked for more than 120 seconds.") ==
        KernelFault::note);
  CHECK(!judge::fault_in("EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0"));
  CHECK(!judge::fault_in("EDAC MC0: 1 UE [4711]: segfault at 0 ip 00000000 sp 00007ffe error 4"));
  CHECK(!judge::fault_in("Memory failure:[4711]: segfault at 0 ip 00000000 sp 00007ffe error 4"));
  for (const auto* line : {"EXT4-fs (sda1): Remounting filesystem read-only",
                           "XFS (dm-0): Filesystem has been shut down due to log error (0x2).",
                           "BTRFS info (device sdb state E): forced readonly",
                           "blk_update_request: critical medium error, dev sda, sector 123",
                           "sd 2:0:0:0: rejecting I/O to offline device",
                           "sd 2:0:0:0: Device offlined - not ready after error recovery",
                           "nvme nvme0: Disabling device after reset failure: -19",
                           "nvme nvme0: Removing after probe failure status: -19"}) {
    INFO(line);
    CHECK(judge::fault_in(line) == KernelFault::disk);
  }
  CHECK(judge::fault_in("mce: [Hardware Error]: CPU 1: Uncorrected error") == KernelFault::memory);
  CHECK(judge::fault_in("{1}[Hardware Error]: Uncorrected error") == KernelFault::memory);
  // Paths of mounts and programs are their users'.
  for (
      const auto* line :
      {"overlayfs: failed to resolve '/forced readonly': -2",
       "overlayfs: failed to resolve '/EXT4-fs (a): Remounting filesystem read-only': -2",
       "overlayfs: failed to resolve '[Hardware Error]: Uncorrected': -2",
       "sd 0:0:0:0[12]: segfault at 0 ip 0 sp 7 error 4 in rejecting I/O to offline device[55+1]",
       "EXT4-fs ([12]: segfault at 0 ip 0 sp 7 error 4 in x): Remounting filesystem read-only[5+1]",
       "nvme nvme[12]: segfault at 0 error 4 in x: Disabling device after reset failure[5+1]",
       "EXT4-fs (a): R[12]: segfault at 0 ip 0 sp 7 error 4 in x): Remounting filesystem r[5+1]"}) {
    INFO(line);
    CHECK_FALSE(judge::fault_in(line).has_value());
  }
  CHECK(!judge::fault_in("usb 1-1: new high-speed USB device"));
}

TEST_CASE("grave lines stand though the kernel forgets them; a load of the driver ends Xids") {
  judge::KernelLog log;
  CHECK(judge::take_in(log, {{5, lost}, {6, "x"}, {7, uncorrected}}).empty());
  CHECK(log.next == 8);
  CHECK(judge::take_in(log, {}).empty());
  REQUIRE(judge::xids_of(log).size() == 1);
  CHECK(judge::xids_of(log).front().number == 79);
  CHECK(judge::node_faults_of(log) == std::vector{uncorrected});
  CHECK(judge::take_in(log, {{8, lost}, {9, uncorrected}}).empty());  // the same again
  CHECK(log.grave.size() == 2);
  (void)judge::take_in(log, {{10, "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54"}});
  CHECK(judge::xids_of(log).empty());
  CHECK(judge::node_faults_of(log) == std::vector{uncorrected});
}

TEST_CASE("many errors of a disk are one, and do not push out others") {
  judge::KernelLog log;
  std::uint64_t sequence = 0;
  const auto see = [&](const std::string& line) {
    (void)judge::take_in(log, {{++sequence, line}});
  };
  for (int i = 0; i < 100; ++i)
    see("critical medium error, dev sda, sector " + std::to_string(i) + " op 0x0:(READ)");
  CHECK(log.grave.size() == 1);
  for (int i = 0; i < 100; ++i)
    see("critical medium error, dev sd" + std::to_string(i) + ", sector 1 op 0x0:(READ)");
  CHECK(log.grave.size() < 100);
  see(lost);
  CHECK(judge::xids_of(log).size() == 1);
}

TEST_CASE("what was seen is not taken in again, and notes are only what is new") {
  judge::KernelLog log;
  const std::string program = "NVRM: Xid (PCI:0000:3b:00): 13, pid=1, Graphics Exception";
  const std::vector<KernelRecord> records{{5, program}};
  CHECK(judge::take_in(log, records) == std::vector{program});
  CHECK(judge::take_in(log, records).empty());
  log.grave.clear();
  CHECK(judge::take_in(log, {{4, lost}}).empty());
  CHECK(log.grave.empty());
}
