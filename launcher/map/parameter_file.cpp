#include "launcher/map/parameter_file.h"

#include "lib/base/text.h"

namespace mapping {

std::optional<std::string> parameter(std::string_view text, std::string_view name) {
  std::optional<std::string> value;
  for (const auto line : base::split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || base::trim(line.substr(0, equals)) != name) continue;
    value = base::trim(line.substr(equals + 1));
  }
  return value;
}

std::string pml_without_fabric(const std::optional<std::string>& pml,
                               const std::optional<std::string>& mtl) {
  const auto names_one = [](const std::optional<std::string>& value) {
    return value && !value->empty() && !value->starts_with('^');
  };
  if (names_one(pml) || names_one(mtl)) return {};
  return pml && pml->size() > 1 ? *pml + ",cm" : "^cm";
}

}  // namespace mapping
