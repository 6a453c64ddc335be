#pragma once
// The fields that squeue can show of a job. Pure.

#include <span>
#include <string_view>

#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace compat {

std::span<const Field<model::JobRecord>> queue_fields();

/// Does `a` come before `b` by -S, such as "P,t,-p"? Letters as of -o, '-' for the other way round.
/// errors: invalid: a letter that is no field
base::Result<void> check_order(std::string_view order);
bool comes_before(const model::JobRecord& a, const model::JobRecord& b, std::string_view order,
                  const Surroundings& with);

}  // namespace compat
