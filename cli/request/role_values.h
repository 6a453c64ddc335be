#pragma once
// --mode, --ps, --workers and --role: the roles of a step's ranks.

#include <optional>
#include <string_view>
#include <vector>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "lib/model/role.h"

namespace request {

/// What was said of roles; the last word counts, but every --role adds one.
struct RoleChoice {
  enum class Mode { allreduce, parameter_server };
  std::optional<Mode> mode;
  std::optional<model::Role> servers;
  std::optional<model::Role> workers;
  model::Roles roles;

  /// Whether anything was said.
  bool is_made() const { return mode || servers || workers || !roles.empty(); }
};

/// Whether the option is one of the four.
bool is_of_roles(const options::Given& given);

/// errors: invalid: the option, what it expects and what was found
base::Result<void> apply(const options::Given& given, RoleChoice& choice);

/// What a script said of roles that the options of the command line leave: --role replaces all of
/// it, --mode all but the numbers that the mode has too.
RoleChoice without_replaced(RoleChoice of_script, const std::vector<options::Given>& given);

/// Empty for ranks that are all equal. The choice is made.
/// errors: invalid when the options contradict each other
base::Result<model::Roles> roles_of(const RoleChoice& choice);

/// Whether the options name roles that all have commands of their own: then there need be no other.
bool all_roles_have_commands(const std::vector<options::Given>& given);

}  // namespace request
