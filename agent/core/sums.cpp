// The members of the sums of this layer (lib/base/sum.h).

#include "agent/core/action.h"
#include "agent/core/input.h"
#include "lib/base/sum_members.h"

template struct base::Sum<agent::InputTypes>;
template struct base::Sum<agent::ActionTypes>;
