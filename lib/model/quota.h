#pragma once
// Limits on what users, workspaces, classes and pools may hold, as people see them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"

namespace model {

enum class QuotaResource {
  cores,
  gpus,
  nodes,
  running_jobs,
  queued_jobs,
  gpu_hours,
  core_hours,
};

std::string_view to_text(QuotaResource resource);
std::optional<QuotaResource> quota_resource_from_text(std::string_view text);

/// "8 cores", "1 GPU-hour".
std::string amount_text(std::int64_t amount, QuotaResource resource);

/// A limit keeps a job from starting. It holds up nobody else.
struct Quota {
  std::string whose;  // the limit is: "user ann in pool gpu"
  QuotaResource resource = QuotaResource::cores;
  std::int64_t used = 0;
  std::int64_t asked = 0;  // by the job; of hours 0: it starts while some are left
  std::int64_t limit = 0;
  std::int64_t kept = 0;            // for jobs that come first and have a reservation
  std::int64_t lent = 0;            // of what is unused, in use by others
  std::vector<JobId> holders;       // soonest known end first; at most 8
  std::optional<base::Time> until;  // when enough is free, as far as that is known

  bool operator==(const Quota&) const = default;
};

/// How much of one limit is used.
struct QuotaUse {
  std::string whose;
  QuotaResource resource = QuotaResource::cores;
  std::int64_t used = 0;
  std::int64_t limit = 0;
  std::int64_t lent = 0;      // of what is unused, in use by others
  std::int64_t borrowed = 0;  // used beyond the limit
  base::Duration period{};    // of hours

  bool operator==(const QuotaUse&) const = default;
};

}  // namespace model
