#pragma once
// The one place where facts are logged: a line for each, when it is durable.

#include <functional>
#include <string>

#include "lib/loop/log.h"
#include "lib/model/fact.h"
#include "lib/model/ids.h"

namespace musterd {

using NameOf = std::function<std::string(model::NodeId)>;

/// People know nodes by their names, facts by their ids.
void log_fact(const loop::Log& log, model::Seq seq, const model::Fact& fact, const NameOf& name_of);

}  // namespace musterd
