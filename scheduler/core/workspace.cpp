#include "scheduler/core/workspace.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"

namespace scheduler {

base::Result<void> Workspaces::may_use(const model::User& user, const std::string& name) const {
  if (name.empty() || all_.empty()) return {};
  const auto found = std::ranges::find(all_, name, &Workspace::name);
  if (found != all_.end()) return check_user(user, found->users, "workspace", name);
  return no_such("workspace", name, names());
}

bool Workspaces::has(const std::string& name) const {
  return name.empty() || all_.empty() ||
         std::ranges::find(all_, name, &Workspace::name) != all_.end();
}

std::vector<std::string> Workspaces::names() const {
  std::vector<std::string> names;
  for (const auto& workspace : all_) names.push_back(workspace.name);
  return names;
}

int Workspaces::shares_of(const std::string& name) const {
  const auto found = std::ranges::find(all_, name, &Workspace::name);
  return found == all_.end() ? 1 : found->shares;
}

base::Result<void> check_user(const model::User& user, const std::vector<std::string>& users,
                              const std::string& what, const std::string& name) {
  if (users.empty() || std::ranges::find(users, user.name) != users.end()) return {};
  return base::fail(base::Code::denied, fmt::format("{} '{}' is not for {}, but for {}", what, name,
                                                    user.name, base::join(users, ", ")));
}

std::unexpected<base::Error> no_such(const std::string& what, const std::string& name,
                                     const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto near = base::nearest(name, views);
  return base::fail(base::Code::not_found,
                    fmt::format("there is no {} '{}'; {}", what, base::printable(name),
                                near            ? fmt::format("did you mean '{}'?", *near)
                                : known.empty() ? "none is known"
                                                : "known are " + base::join(known, ", ")));
}

}  // namespace scheduler
