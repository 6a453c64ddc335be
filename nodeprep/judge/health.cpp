#include "nodeprep/judge/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "lib/base/text.h"

namespace judge {

namespace {

constexpr base::Duration most_off = std::chrono::minutes(1);
constexpr std::size_t longest_kernel_line = 200;

}  // namespace

Verdict judge(const Vitals& vitals, const Floors& floors) {
  std::vector<std::string> faults;
  for (const auto& disk : vitals.disks) {
    if (disk.is_read_only) {
      faults.push_back(fmt::format("{} is read-only", disk.path));
    } else if (disk.free < floors.disk) {
      faults.push_back(fmt::format("{} has {} free, expected at least {}", disk.path,
                                   base::to_text(disk.free), base::to_text(floors.disk)));
    }
  }
  if (vitals.memory_available < floors.memory) {
    faults.push_back(fmt::format("{} of memory is available, expected at least {}",
                                 base::to_text(vitals.memory_available),
                                 base::to_text(floors.memory)));
  }
  for (const auto& name : vitals.interfaces_before) {
    if (std::ranges::find(vitals.interfaces, name) == vitals.interfaces.end())
      faults.push_back(fmt::format("the network interface {} has gone down", name));
  }
  if (std::chrono::abs(vitals.clock_off) > most_off) {
    faults.push_back(fmt::format("the clock is {} {} that of the controller",
                                 base::to_text(std::chrono::abs(vitals.clock_off)),
                                 vitals.clock_off > base::Duration() ? "ahead of" : "behind"));
  }
  for (const auto& line : vitals.kernel_faults) {
    faults.push_back(
        fmt::format("the kernel's log says: {}", base::printable(line, longest_kernel_line)));
  }
  if (!faults.empty()) return unusable(base::join(faults, "; "));
  return {.ready = true,
          .text = fmt::format("well: {}, {} of memory available",
                              base::plural(static_cast<std::int64_t>(vitals.interfaces.size()),
                                           "network interface"),
                              base::to_text(vitals.memory_available))};
}

}  // namespace judge
