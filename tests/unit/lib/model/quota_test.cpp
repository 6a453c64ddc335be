#include "lib/model/quota.h"

#include "lib/model/reason.h"
#include "tests/support/catch.h"

using model::QuotaResource;

TEST_CASE("every resource of quotas has a name and a noun") {
  for (int i = 0; i <= static_cast<int>(QuotaResource::core_hours); ++i) {
    const auto resource = static_cast<QuotaResource>(i);
    CHECK(model::quota_resource_from_text(to_text(resource)) == resource);
    CHECK(model::amount_text(2, resource).ends_with('s'));
  }
  CHECK_FALSE(model::quota_resource_from_text("memory"));
  CHECK(model::amount_text(1, QuotaResource::gpus) == "1 GPU");
}

TEST_CASE("a limit that stands before a job says its numbers, who holds it and until when") {
  model::Quota quota{.whose = "user ann",
                     .resource = QuotaResource::gpus,
                     .used = 6,
                     .asked = 4,
                     .limit = 8,
                     .kept = 1,
                     .lent = 2,
                     .holders = {model::JobId(3), model::JobId(5)},
                     .until = base::time_from_us(0)};
  CHECK(describe(quota) ==
        "the quota of user ann is 8 GPUs: 6 used, 1 kept for jobs that come first, 2 lent to "
        "others, 4 asked for; in use by jobs 3, 5; enough is free by 1970-01-01T00:00:00.000Z");
  quota = {.whose = "workspace ml", .resource = QuotaResource::gpu_hours, .used = 9, .limit = 9};
  CHECK(describe(quota) == "the quota of workspace ml is 9 GPU-hours: 9 used");
}
