#include "scheduler/core/class.h"

#include <algorithm>

#include "lib/base/check.h"
#include "scheduler/core/workspace.h"

namespace scheduler {

namespace {

using namespace std::chrono_literals;

/// Further apart than any two priorities of jobs.
constexpr int band = 10'000;

Class built_in(std::string name, int base, std::vector<std::string> preempts) {
  return {.name = std::move(name),
          .base = base,
          .preempts = std::move(preempts),
          .grace = 30s,
          .max_preemptions = 5,
          .users = {},
          .yields = base <= 0};
}

}  // namespace

std::vector<Class> built_in_classes() {
  return {built_in("low", -band, {}), built_in("normal", 0, {"low"}),
          built_in("urgent", band, {"low"})};
}

Classes::Classes() : Classes(built_in_classes(), "normal") {}

Classes::Classes(std::vector<Class> all, std::string fallback)
    : all_(std::move(all)), fallback_(std::move(fallback)) {
  base::check(std::ranges::find(all_, fallback_, &Class::name) != all_.end(),
              "the default class is one of the classes");
}

const Class& Classes::of(const std::string& name) const {
  const auto found = std::ranges::find(all_, name, &Class::name);
  return found != all_.end() ? *found : *std::ranges::find(all_, fallback_, &Class::name);
}

base::Result<void> Classes::may_use(const model::User& user, const std::string& name) const {
  const auto& found = of(name);
  if (name.empty() || found.name == name) return check_user(user, found.users, "class", found.name);
  std::vector<std::string> known;
  for (const auto& each : all_) known.push_back(each.name);
  return no_such("class", name, known);
}

}  // namespace scheduler
