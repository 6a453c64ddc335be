#pragma once
// Whose words a job was submitted in. It runs the same; its script finds the variables, the
// directory and the output file that it expects (docs/compatibility.md).

#include <optional>
#include <string_view>

namespace model {

enum class Dialect {
  native,
  slurm,
  pbs  // OpenPBS and Torque alike
};

std::string_view to_text(Dialect dialect);
std::optional<Dialect> dialect_from_text(std::string_view text);

}  // namespace model
