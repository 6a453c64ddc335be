#include "lib/model/dialect.h"

#include <array>

namespace model {

namespace {

constexpr std::array dialects{Dialect::native, Dialect::slurm, Dialect::pbs};

}  // namespace

std::string_view to_text(Dialect dialect) {
  switch (dialect) {
    case Dialect::native:
      return "native";
    case Dialect::slurm:
      return "slurm";
    case Dialect::pbs:
      return "pbs";
  }
  return "";
}

std::optional<Dialect> dialect_from_text(std::string_view text) {
  for (const auto dialect : dialects) {
    if (to_text(dialect) == text) return dialect;
  }
  return std::nullopt;
}

}  // namespace model
