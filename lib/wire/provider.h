#pragma once
// The lines of providers' programs (provider.proto, docs/providers.md), without their ends.

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/provider.h"

namespace wire {

std::string to_json(const model::NodeSpec& order);
/// One without a name asks for all nodes.
std::string to_json(const model::NodeReference& node);

/// errors: corrupt, for what is no answer, or more than one
base::Result<model::ProviderAnswer> provider_answer_from_json(std::string_view json);

/// A record of the sites of a pool, the present one first; errors: corrupt
std::string to_json(const std::vector<model::ProviderSite>& sites);
base::Result<std::vector<model::ProviderSite>> provider_sites_from_json(std::string_view json);

}  // namespace wire
