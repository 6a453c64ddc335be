#include "launcher/map/host_files.h"

namespace mapping {

namespace {

std::string lines(const model::Allocation& allocation, const char* between) {
  std::string text;
  for (const auto& share : allocation.nodes)
    text += share.name + between + std::to_string(share.tasks) + "\n";
  return text;
}

}  // namespace

std::string open_mpi_hosts(const model::Allocation& allocation) {
  return lines(allocation, " slots=");
}

std::string hydra_hosts(const model::Allocation& allocation) {
  return lines(allocation, ":");
}

}  // namespace mapping
