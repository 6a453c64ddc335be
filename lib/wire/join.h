#pragma once
// Joining as bytes, one message a frame (join.proto, docs/wire.md).

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/join.h"

namespace wire {

std::string encode(const model::JoinRequest& request);
std::string encode(const model::JoinReply& reply);
std::string encode(const model::Caller& caller);

/// errors: corrupt
base::Result<model::JoinRequest> decode_join_request(std::string_view bytes);
base::Result<model::JoinReply> decode_join_reply(std::string_view bytes);
base::Result<model::Caller> decode_caller(std::string_view bytes);

}  // namespace wire
