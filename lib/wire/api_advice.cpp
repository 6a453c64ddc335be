// Advice: when a request would start.

#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

model::Change read_change(api::Change& in, Strict& strict) {
  return {strict.filled(in.mutable_option(), "option"), take(in.mutable_value())};
}

model::Advice read_advice(api::Advice& in, Strict& strict) {
  model::Advice advice{
      .starts_now = in.starts_now(), .start = {}, .victims = {}, .quota = {}, .changes = {}};
  for (const auto victim : in.victims())
    advice.victims.emplace_back(strict.from_one(victim, "victims"));
  if (in.has_start()) advice.start = strict.part("start", in.start(), read_time);
  if (in.has_quota()) advice.quota = strict.part("quota", *in.mutable_quota(), read_quota);
  advice.changes = strict.each("changes", *in.mutable_changes(), read_change);
  return advice;
}

}  // namespace

std::string to_json(const model::Advice& advice) {
  api::Advice out;
  out.set_starts_now(advice.starts_now);
  if (advice.start) write(*advice.start, *out.mutable_start());
  for (const auto victim : advice.victims) out.add_victims(victim.number());
  if (advice.quota) write(model::Reason(*advice.quota), *out.mutable_quota());
  for (const auto& change : advice.changes) {
    auto& to = *out.add_changes();
    to.set_option(change.option);
    to.set_value(change.value);
  }
  return print_json(out);
}

base::Result<model::Advice> advice_from_json(std::string_view json) {
  return from_json<api::Advice>(json, "advice", base::Code::corrupt, read_advice);
}

}  // namespace wire
