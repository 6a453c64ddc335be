#pragma once
// Which job a fact is about.

#include <optional>

#include "lib/model/fact.h"

namespace musterd {

std::optional<model::JobId> job_of(const model::Fact& fact);

}  // namespace musterd
