#pragma once
// The lines of providers' programs (provider.proto, docs/providers.md), without their ends.

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/provider.h"

namespace wire {

std::string to_json(const model::NodeSpec& order);
/// One without a name asks for all nodes.
std::string to_json(const model::NodeReference& node);

/// errors: corrupt, for what is no answer, or more than one
base::Result<model::ProviderAnswer> provider_answer_from_json(std::string_view json);

}  // namespace wire
