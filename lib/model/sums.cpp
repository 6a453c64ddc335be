// The members of the sums of this layer (lib/base/sum.h).

#include "lib/base/sum_members.h"
#include "lib/model/agent_message.h"
#include "lib/model/fact.h"
#include "lib/model/head_message.h"
#include "lib/model/reason.h"

template struct base::Sum<model::FactTypes>;
template struct base::Sum<model::ReasonTypes>;
template struct base::Sum<model::FromAgentTypes>;
template struct base::Sum<model::ToAgentTypes>;
template struct base::Sum<model::HeadMessageTypes>;
