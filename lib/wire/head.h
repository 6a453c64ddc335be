#pragma once
// Messages between the launchers of a step, its client and its head as bytes, one a frame
// (head.proto, docs/wire.md).

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/head_message.h"

namespace wire {

std::string encode(const model::HeadMessage& message);

/// errors: corrupt, naming the field
base::Result<model::HeadMessage> decode_head(std::string_view bytes);

}  // namespace wire
