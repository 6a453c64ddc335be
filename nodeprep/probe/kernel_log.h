#pragma once
// Reads the kernel's log.

#include <string>
#include <vector>

#include "nodeprep/judge/kernel_log.h"

namespace probe {

/// What the kernel still has of it. Nothing where there is none, or this user may not read it.
std::vector<judge::KernelRecord> read_kernel_records(const std::string& path = "/dev/kmsg");

struct KernelLook {
  judge::KernelLog log;
  std::vector<std::string> notes;  // lines that are new
};

/// `folder` keeps the log over looks of one start of the machine; a file `forget` in it has all
/// grave lines until now forgotten, once. Empty: nothing is kept.
KernelLook look_at_kernel_log(const std::string& folder,
                              const std::vector<judge::KernelRecord>& records);

}  // namespace probe
