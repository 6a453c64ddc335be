#pragma once
// What the kernel's log says about broken hardware.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace judge {

/// One of /dev/kmsg.
struct KernelRecord {
  std::uint64_t sequence = 0;
  std::string text;
  bool operator==(const KernelRecord&) const = default;
};

/// Nothing for a line that goes on with another, and for what programs wrote there.
std::optional<KernelRecord> record_from_line(std::string_view line);

/// An error that NVIDIA's driver tells of.
struct Xid {
  int number = 0;
  std::string pci;   // "0000:3b:00.0"
  std::string text;  // the whole line
  bool operator==(const Xid&) const = default;
};

/// "NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus."
std::optional<Xid> xid_in(std::string_view text);

enum class XidKind {
  grave,        // of the device: nobody should get it before it was reset or looked at
  application,  // as a rule a fault of what ran there
  other         // NVML says more about it, or nobody knows
};

/// By NVIDIA's document "Xid Errors" (docs.nvidia.com/deploy/xid-errors), where it tells to reset
/// the GPU, to look at the hardware or to call support, and not only to start the application
/// again.
XidKind kind_of_xid(int number);

enum class KernelFault { driver_loaded, xid, memory, disk, note };

/// What a line of the log tells; most tell nothing.
std::optional<KernelFault> fault_in(std::string_view text);

/// What stands of a log, whose old lines the kernel forgets: grave lines, until the machine starts
/// again, or for Xids until the driver is loaded again.
struct KernelLog {
  std::uint64_t next = 0;          // the first record that has not been seen
  std::vector<std::string> grave;  // lines, oldest first
  bool operator==(const KernelLog&) const = default;
};

/// Takes in what is new of these, and returns the lines that are only worth a note.
std::vector<std::string> take_in(KernelLog& log, const std::vector<KernelRecord>& records);

/// The grave lines about GPUs, and the others, which are about the node.
std::vector<Xid> xids_of(const KernelLog& log);
std::vector<std::string> node_faults_of(const KernelLog& log);

}  // namespace judge
