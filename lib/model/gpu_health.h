#pragma once
// What a GPU's driver says of how it is.

#include <cstdint>
#include <optional>
#include <string>

namespace model {

/// How a GPU is. What it, its driver or the library cannot tell is absent.
struct GpuHealth {
  std::string lost;                            // why it does not answer; empty: it does
  std::optional<std::uint64_t> ecc_volatile;   // uncorrected errors since the driver was loaded
  std::optional<std::uint64_t> ecc_aggregate;  // the same over its life
  std::optional<unsigned> retired_single_bit;  // pages, for that cause
  std::optional<unsigned> retired_double_bit;
  std::optional<bool> is_retirement_pending;
  std::optional<unsigned> remapped_correctable;  // rows, for that cause
  std::optional<unsigned> remapped_uncorrectable;
  std::optional<bool> is_remap_pending;
  std::optional<bool> has_remap_failed;
  std::optional<unsigned> link_width;  // lanes of PCIe
  std::optional<unsigned> link_width_max;
  std::optional<unsigned> link_generation;  // lower while it has nothing to do
  std::optional<unsigned> link_generation_max;
  std::optional<unsigned> temperature;  // degrees Celsius
  std::optional<unsigned> slowdown_temperature;
  std::optional<std::uint64_t> clocks_event_reasons;  // bits, as NVML defines them
  std::optional<bool> is_persistent;                  // the driver stays without clients
  bool operator==(const GpuHealth&) const = default;
};

}  // namespace model
