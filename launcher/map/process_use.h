#pragma once
// What a process has used, by the kernel's files about it (man 5 proc). Pure.

#include <optional>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace mapping {

/// With those of its children that it has waited for, but for the memory.
struct ProcessUse {
  base::Duration cpu{};
  base::Bytes memory;   // resident; what it shares with others counts for each
  base::Bytes read;     // from disks
  base::Bytes written;  // to disks

  bool operator==(const ProcessUse&) const = default;
};

/// What the machine counts in.
struct Units {
  long ticks_per_second = 100;
  long page_size = 4096;
};

/// nullopt: `stat` is not the text of /proc/PID/stat. `io` is that of /proc/PID/io, or empty where
/// it cannot be read.
std::optional<ProcessUse> process_use(std::string_view stat, std::string_view io,
                                      const Units& units);

}  // namespace mapping
