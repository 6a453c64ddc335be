#pragma once
// What the core and the policies are told of the configuration, for the controller and for whoever
// wants to know what it would do.

#include <cstdint>

#include "conf/config.h"
#include "lib/model/image.h"
#include "scheduler/core/settings.h"
#include "scheduler/policy/policy.h"

namespace configured {

scheduler::Settings settings(const conf::Config& config, std::uint32_t owner_uid);

/// For the orders of jobs with an image.
model::ContainerSite containers(const conf::Containers& config);

policy::Options policy_options(const conf::Config& config);

}  // namespace configured
