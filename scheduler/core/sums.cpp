// The members of the sums of this layer (lib/base/sum.h).

#include "lib/base/sum_members.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"

template struct base::Sum<scheduler::InputTypes>;
template struct base::Sum<scheduler::ActionTypes>;
