#include "lib/wire/fact_step.h"

#include <memory>

#include "lib/wire/convert.h"

namespace wire {

void write_step(const model::StepStarted& fact, pb::StepStarted& out) {
  write(fact.key, *out.mutable_key());
  write(*fact.spec, *out.mutable_spec());
  for (const int tasks : fact.tasks) out.add_tasks(u32(tasks));
  for (const auto& share : fact.shares) write(share, *out.add_shares());
}

model::StepStarted read_step(pb::StepStarted& in, Strict& strict) {
  model::StepStarted fact{
      strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
      std::make_shared<const model::StepSpec>(
          strict.required(in.has_spec(), "spec").read(*in.mutable_spec(), read_step_spec)),
      {}};
  if (!fact.key.step) strict.wrong("key.step", "is missing");
  for (const auto tasks : in.tasks()) fact.tasks.push_back(strict.count(tasks, "tasks"));
  fact.shares = strict.each("shares", *in.mutable_shares(), read_step_share);
  if (!fact.shares.empty() && fact.shares.size() != fact.tasks.size())
    strict.wrong("shares", "has another length than the tasks");
  return fact;
}

}  // namespace wire
