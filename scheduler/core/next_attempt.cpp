#include "scheduler/core/next_attempt.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "lib/model/host_list.h"
#include "lib/model/layout.h"

namespace scheduler {

bool asks_for_more(const model::JobSpec& spec, const model::Failure& why) {
  return why.cause == model::Cause::out_of_memory && spec.restart && spec.restart->memory;
}

bool has_had_enough(const model::JobSpec& spec, std::size_t n_evictions) {
  return spec.max_evictions && n_evictions >= static_cast<std::size_t>(*spec.max_evictions);
}

std::shared_ptr<const model::JobSpec> spec_after(const Job& job, const model::Failure& why,
                                                 std::size_t n_evictions) {
  if (why.cause == model::Cause::evicted && has_had_enough(*job.spec, n_evictions)) {
    auto spec = *job.spec;
    spec.choice.tiers = {model::Tier::dedicated};
    return std::make_shared<const model::JobSpec>(std::move(spec));
  }
  if (!asks_for_more(*job.spec, why)) return job.spec;
  const auto& growth = *job.spec->restart->memory;
  auto spec = *job.spec;
  for (auto* memory : {&spec.shape.memory_per_node, &spec.shape.memory_per_cpu}) {
    if (*memory) *memory = model::grown(growth, **memory);
  }
  return std::make_shared<const model::JobSpec>(std::move(spec));
}

std::vector<std::string> former_nodes(const Job& job) {
  if (job.earlier.empty()) return {};
  const auto cause = job.earlier.back().why.cause;
  if (cause == model::Cause::preempted || cause == model::Cause::prolog) return {};
  auto names = model::expand_hosts(job.earlier.back().nodes);
  if (!names) return {};
  const auto avoided = avoided_nodes(job);
  std::erase_if(*names, [&avoided](const std::string& name) {
    return std::ranges::find(avoided, name) != avoided.end();
  });
  return *std::move(names);
}

bool lost_its_node_now(const Job& job) {
  const auto* waiting = std::get_if<Waiting>(&job.phase);
  if (waiting == nullptr || job.earlier.empty()) return false;
  const auto& last = job.earlier.back();
  return last.why.cause == model::Cause::node_lost && waiting->as_of == last.ended_at;
}

void ask_for(Job& job, std::shared_ptr<const model::JobSpec> spec) {
  const auto layout = model::resolve(spec->shape);
  base::check(layout.has_value(), "an accepted request makes sense");
  job.layout = *layout;
  job.spec = std::move(spec);
}

}  // namespace scheduler
