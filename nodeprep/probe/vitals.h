#pragma once
// Reads what the checks of a node in service look at.

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "nodeprep/judge/health.h"

namespace probe {

/// `folders` are looked at as disks. `state` is a file that keeps the network interfaces of the
/// first look since the start of the machine; empty: none is kept. `root` is "" but in tests.
/// errors: those of reading /proc and /sys, and of folders that are not there
base::Result<judge::Vitals> read_vitals(const std::vector<std::string>& folders,
                                        const std::string& state, const std::string& root = {});

}  // namespace probe
