#include "scheduler/policy/policy.h"

#include "scheduler/policy/admit.h"
#include "scheduler/policy/allow.h"
#include "scheduler/policy/explain.h"
#include "scheduler/policy/needs.h"
#include "scheduler/policy/pass.h"

namespace policy {

scheduler::Policy make(const Options& options) {
  return {.plan = [options](const scheduler::View& view,
                            base::Time now) { return Pass(options, view, now).run(); },
          .explain = explain,
          .advise = [options](const scheduler::View& view, const scheduler::Job& job,
                              base::Time now) { return Pass(options, view, now).advise(job); },
          .priorities = [options](const scheduler::View& view,
                                  base::Time now) { return Pass(options, view, now).priorities(); },
          .admit = admit,
          .allow = allow,
          .needs = needs};
}

}  // namespace policy
