// Limits: what is used of them, and one that keeps a job from starting.

#include <algorithm>
#include <cstdint>

#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

/// Four billion core-hours are more than anybody counts.
std::uint32_t amount(std::int64_t amount) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(amount, 0, UINT32_MAX));
}

void write(const model::QuotaUse& use, api::Quota& out) {
  out.set_whose(use.whose);
  out.set_resource(std::string(to_text(use.resource)));
  out.set_used(amount(use.used));
  out.set_limit(amount(use.limit));
  out.set_lent(amount(use.lent));
  out.set_borrowed(amount(use.borrowed));
  if (use.period > base::Duration()) wire::write(use.period, *out.mutable_period());
}

model::QuotaResource read_resource(const api::Quota& in, Strict& strict) {
  return strict.named(model::quota_resource_from_text(in.resource()), in.resource(), "resource");
}

model::QuotaUse read_use(api::Quota& in, Strict& strict) {
  model::QuotaUse use{.whose = take(in.mutable_whose()),
                      .resource = read_resource(in, strict),
                      .used = in.used(),
                      .limit = in.limit(),
                      .lent = in.lent(),
                      .borrowed = in.borrowed()};
  if (in.has_period()) use.period = strict.part("period", in.period(), read_duration);
  return use;
}

model::Quota read_limit(api::Quota& in, Strict& strict) {
  return {.whose = take(in.mutable_whose()),
          .resource = read_resource(in, strict),
          .used = in.used(),
          .asked = in.asked(),
          .limit = in.limit(),
          .kept = in.kept(),
          .lent = in.lent(),
          .holders = {},
          .until = {}};
}

}  // namespace

void write(const model::Quota& quota, api::Reason& out) {
  auto& limit = *out.mutable_quota();
  limit.set_whose(quota.whose);
  limit.set_resource(std::string(to_text(quota.resource)));
  limit.set_used(amount(quota.used));
  limit.set_asked(amount(quota.asked));
  limit.set_limit(amount(quota.limit));
  limit.set_kept(amount(quota.kept));
  limit.set_lent(amount(quota.lent));
  for (const auto job : quota.holders) out.add_holders(job.number());
  if (quota.until) write(*quota.until, *out.mutable_until());
}

model::Quota read_quota(api::Reason& in, Strict& strict) {
  auto quota = strict.required(in.has_quota(), "quota").read(*in.mutable_quota(), read_limit);
  quota.holders = read_holders(in, strict);
  if (in.has_until()) quota.until = strict.part("until", in.until(), read_time);
  return quota;
}

std::string to_json(std::span<const model::QuotaUse> quotas) {
  api::QuotaList out;
  for (const auto& use : quotas) write(use, *out.add_quotas());
  return print_json(out);
}

base::Result<std::vector<model::QuotaUse>> quotas_from_json(std::string_view json) {
  return from_json<api::QuotaList>(json, "quotas", base::Code::corrupt,
                                   [](api::QuotaList& in, Strict& strict) {
                                     return strict.each("quotas", *in.mutable_quotas(), read_use);
                                   });
}

}  // namespace wire
