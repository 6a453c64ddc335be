#pragma once
// Messages between an agent and the controller as bytes, one message a frame (agent.proto,
// docs/wire.md). Decoding is strict: what it accepts keeps the rules of the model's types.

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/agent_message.h"

namespace wire {

std::string encode(const model::FromAgent& message);
std::string encode(const model::ToAgent& message);

/// errors: corrupt, naming the field, for bytes that no encoder of a version that we speak writes
base::Result<model::FromAgent> decode_from_agent(std::string_view bytes);
base::Result<model::ToAgent> decode_to_agent(std::string_view bytes);

}  // namespace wire
