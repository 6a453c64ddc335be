#include "lib/model/undying.h"

#include <fmt/format.h>

#include <string_view>

#include "lib/base/text.h"

namespace model {

namespace {

/// "core 2", "cores 2-3".
std::string some(const IndexSet& places, std::string_view noun) {
  return fmt::format("{}{} {}", noun, places.count() == 1 ? "" : "s", to_text(places));
}

}  // namespace

CoreSet cores_of(std::span<const Undying> undying) {
  CoreSet cores;
  for (const auto& process : undying) cores |= process.cores;
  return cores;
}

GpuSet gpus_of(std::span<const Undying> undying) {
  GpuSet gpus;
  for (const auto& process : undying) gpus |= process.gpus;
  return gpus;
}

std::string describe(const Undying& undying) {
  auto text = fmt::format("process {} ({}, state {}) of job {} holds ", undying.pid,
                          base::printable(undying.command), base::printable(undying.state),
                          to_text(undying.launch.job));
  if (undying.cores.empty() && undying.gpus.empty()) return text + "nothing";
  if (!undying.cores.empty()) text += some(undying.cores, "core");
  if (undying.gpus.empty()) return text;
  return text + (undying.cores.empty() ? "" : " and ") + some(undying.gpus, "GPU");
}

}  // namespace model
