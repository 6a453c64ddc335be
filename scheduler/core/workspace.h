#pragma once
// Workspaces: whom usage is charged to, and what part of the cluster is due to each.

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace scheduler {

struct Workspace {
  std::string name;
  int shares = 1;                  // beside those of the others
  std::vector<std::string> users;  // who may use it; empty: everybody
};

class Workspaces {
 public:
  /// None: every name is a workspace of one share, for everybody.
  Workspaces() = default;
  explicit Workspaces(std::vector<Workspace> all) : all_(std::move(all)) {}

  /// May the user's job name this workspace? No name is always allowed. errors: not_found, denied
  base::Result<void> may_use(const model::User& user, const std::string& name) const;

  /// Whether there is such a workspace, or none needs to be one.
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;

  int shares_of(const std::string& name) const;

 private:
  std::vector<Workspace> all_;
};

/// Who may use a class or workspace, which `what` says: "class". errors: denied
base::Result<void> check_user(const model::User& user, const std::vector<std::string>& users,
                              const std::string& what, const std::string& name);

/// Error not_found, with the name that is meant or those that there are.
std::unexpected<base::Error> no_such(const std::string& what, const std::string& name,
                                     const std::vector<std::string>& known);

}  // namespace scheduler
