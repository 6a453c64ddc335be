#pragma once
// How long the site's programs take around a launch.

#include "lib/base/time.h"
#include "lib/model/preparation.h"

namespace model {

/// The longest that both take, one after the other.
constexpr base::Duration time_of(const SitePrograms& programs) {
  return (programs.prolog.empty() ? base::Duration() : programs.prolog_limit) +
         (programs.epilog.empty() ? base::Duration() : programs.epilog_limit);
}

}  // namespace model
