#pragma once
// Scripts that begin with "#!/bin/bash -l", as nearly a fifth of public ones do.

#include <string>
#include <string_view>

#include "lib/model/job.h"

namespace mapping {

/// Is the script read by a bash that behaves as after a login? It reads /etc/profile, which sets
/// PATH anew on many systems, so that muster's programs are not found any more.
bool is_for_login_bash(std::string_view script);

/// What such a bash is to read afterwards, by the name in BASH_ENV: it puts the folders in front of
/// PATH again, and goes on with the BASH_ENV that the job has, which no other program then
/// sees changed.
///
/// folders   joined by colons
/// source    man 1 bash, INVOCATION
std::string after_login(std::string_view folders, const model::Environment& of_job);

}  // namespace mapping
