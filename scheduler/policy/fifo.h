#pragma once
// The first policy: priority, then order of submission; first fit; nothing overtakes a job that
// waits for the same nodes.

#include "scheduler/core/view.h"

namespace policy {

scheduler::Policy fifo();

}  // namespace policy
