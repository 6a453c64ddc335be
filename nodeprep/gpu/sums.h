#pragma once
// Allreduces by NCCL, among the GPUs of a node and between nodes. What fails is in `sums_problem`
// of each GPU.

#include <span>

#include "lib/model/gpu_check.h"
#include "nodeprep/gpu/device.h"
#include "nodeprep/gpu/meeting.h"

namespace gpucheck {

/// Both lists are about the same GPUs, in the same order.
void sum_in_node(std::span<const Identity> devices, std::span<model::GpuCheck> gpus);

/// Each node with the one before it and the one after it, while the others rest as far as they are
/// not in a pair themselves.
void sum_between_nodes(const Seat& seat, std::span<const Identity> devices,
                       std::span<model::GpuCheck> gpus);

}  // namespace gpucheck
