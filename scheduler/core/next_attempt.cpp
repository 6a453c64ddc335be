#include "scheduler/core/next_attempt.h"

#include <utility>

#include "lib/base/check.h"
#include "lib/model/layout.h"

namespace scheduler {

bool asks_for_more(const model::JobSpec& spec, const model::Failure& why) {
  return why.cause == model::Cause::out_of_memory && spec.restart && spec.restart->memory;
}

std::shared_ptr<const model::JobSpec> spec_after(const Job& job, const model::Failure& why) {
  if (!asks_for_more(*job.spec, why)) return job.spec;
  const auto& growth = *job.spec->restart->memory;
  auto spec = *job.spec;
  for (auto* memory : {&spec.shape.memory_per_node, &spec.shape.memory_per_cpu}) {
    if (*memory) *memory = model::grown(growth, **memory);
  }
  return std::make_shared<const model::JobSpec>(std::move(spec));
}

void ask_for(Job& job, std::shared_ptr<const model::JobSpec> spec) {
  const auto layout = model::resolve(spec->shape);
  base::check(layout.has_value(), "an accepted request makes sense");
  job.layout = *layout;
  job.spec = std::move(spec);
}

}  // namespace scheduler
