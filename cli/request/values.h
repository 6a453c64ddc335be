#pragma once
// The values of options: what each accepts, and where it goes in a request.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/options/option.h"
#include "cli/request/role_values.h"
#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

/// What the options of a submission say, before it is known what runs where.
struct Choices {
  model::JobSpec
      spec;  // what options set directly; output, error and work_dir as they were written
  std::string environment = "ALL";
  RoleChoice roles;
  base::Time now;  // at which relative times are taken
  bool wait = false;
  bool parsable = false;
  bool test_only = false;
};

/// Puts one option of Place::submit or Place::directive into `choices`, replacing what was there.
/// errors: invalid: the option, what it expects and what was found
base::Result<void> apply(const options::Given& given, Choices& choices);

/// Puts the options of Place::run that describe the step into `step`.
base::Result<void> apply(std::span<const options::Given> given, model::StepSpec& step);

/// How long the step may run, of Place::run; nothing: for as long as its job.
base::Result<std::optional<base::Duration>> step_limit(std::span<const options::Given> given);

/// A file name for output may have %j %A %a %x %u %N %n %t and %% only.
base::Result<void> check_pattern(std::string_view pattern);

/// `path` as an absolute one, seen from `folder`; only the text is looked at.
std::string absolute(std::string_view path, std::string_view folder);

}  // namespace request
