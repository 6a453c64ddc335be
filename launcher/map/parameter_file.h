#pragma once
// Open MPI's parameter files (openmpi-mca-params.conf): which network a site or user wants.

#include <optional>
#include <string>
#include <string_view>

namespace mapping {

/// The value of parameter `name` in the text of such a file; the last line counts.
std::optional<std::string> parameter(std::string_view text, std::string_view name);

/// What to set `pml` to, so that Open MPI does not look for networks that are not there (which
/// costs each rank 200 ms in the components below `cm`): what is ruled out already stays so. Empty
/// when `pml` or `mtl` name what to use; then nothing is to be set.
std::string pml_without_fabric(const std::optional<std::string>& pml,
                               const std::optional<std::string>& mtl);

}  // namespace mapping
