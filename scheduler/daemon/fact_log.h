#pragma once
// The one place where facts are logged: a line for each, when it is durable.

#include "lib/loop/log.h"
#include "lib/model/fact.h"

namespace musterd {

void log_fact(const loop::Log& log, model::Seq seq, const model::Fact& fact);

}  // namespace musterd
