#pragma once
// The memory limits that the kernel puts on this process, apart from the machine's size.

#include <optional>
#include <string>

#include "lib/base/bytes.h"

namespace probe {

/// The smallest memory limit of this process's control group and those above it: version 2 first,
/// then version 1 (man cgroups; memory.max, memory.limit_in_bytes). nullopt: no limit.
/// `root` stands before /proc and /sys, for tests.
std::optional<base::Bytes> memory_limit(const std::string& root = "");

}  // namespace probe
