#include "lib/model/quota.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"

namespace model {

namespace {

using enum QuotaResource;

struct Name {
  QuotaResource resource;
  std::string_view name;
  std::string_view noun;
};

constexpr std::array<Name, 7> names{{{cores, "cores", "core"},
                                     {gpus, "gpus", "GPU"},
                                     {nodes, "nodes", "node"},
                                     {running_jobs, "running_jobs", "running job"},
                                     {queued_jobs, "queued_jobs", "waiting job"},
                                     {gpu_hours, "gpu_hours", "GPU-hour"},
                                     {core_hours, "core_hours", "core-hour"}}};

const Name& name_of(QuotaResource resource) {
  return *std::ranges::find(names, resource, &Name::resource);
}

}  // namespace

std::string_view to_text(QuotaResource resource) {
  return name_of(resource).name;
}

std::optional<QuotaResource> quota_resource_from_text(std::string_view text) {
  const auto found = std::ranges::find(names, text, &Name::name);
  return found == names.end() ? std::nullopt : std::optional(found->resource);
}

std::string amount_text(std::int64_t amount, QuotaResource resource) {
  return base::plural(amount, name_of(resource).noun);
}

}  // namespace model
