#pragma once
// Whether a node that is in service is still well: the checks built in.

#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "nodeprep/judge/judge.h"

namespace judge {

/// Where a node keeps files.
struct Disk {
  std::string path;
  base::Bytes free;  // to this user
  bool is_read_only = false;
};

/// What was found.
struct Vitals {
  std::vector<Disk> disks;
  base::Bytes memory_available;
  std::vector<std::string> interfaces;         // of the network, that are up, in order
  std::vector<std::string> interfaces_before;  // the same at the first look since the start
  base::Duration clock_off{};                  // from the controller's
  std::vector<std::string> kernel_faults;      // lines of its log about broken memory and disks
};

/// What the site wants at least.
struct Floors {
  base::Bytes disk;
  base::Bytes memory;
};

/// All that is wrong, or "well: ...".
Verdict judge(const Vitals& vitals, const Floors& floors);

}  // namespace judge
