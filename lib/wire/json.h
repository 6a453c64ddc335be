#pragma once
// The one place where generated messages become JSON text and back.

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace wire {

/// Proto3 JSON on one line with the schema's field names. Fields without presence are always there,
/// so that readers need no defaults. Bytes in text that are no UTF-8 are shown as U+FFFD.
std::string print_json(const google::protobuf::Message& message);

/// Fills `message`; `what` is being read, for errors.
/// errors: `code`, naming the field or the place; for an unknown field the nearest known one
base::Result<void> parse_json(std::string_view json, std::string_view what, base::Code code,
                              google::protobuf::Message& message);

}  // namespace wire
