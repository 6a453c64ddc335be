#pragma once
// A fact for people and programs that follow the cluster: without script, environment and secrets.

#include <string>

#include "lib/model/fact.h"

namespace wire {

/// JSON of the message Event in api.proto, on one line.
std::string fact_to_json(model::Seq seq, const model::Fact& fact);

}  // namespace wire
