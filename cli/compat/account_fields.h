#pragma once
// The fields that sacct can show of a job and of what ran in it. Pure.

#include <span>
#include <vector>

#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace compat {

/// A line of sacct: a job, its script, or one of its steps; or an attempt before the last.
struct AccountRow {
  enum class What { job, script, step, earlier };

  const model::JobRecord* job = nullptr;
  What what = What::job;
  const model::StepRecord* step = nullptr;
  const model::AttemptRecord* attempt = nullptr;
};

std::span<const Field<AccountRow>> account_field_table();

/// The lines of a job. `steps`: with its script and steps; `earlier`: with its attempts before.
std::vector<AccountRow> rows_of(const model::JobRecord& job, bool steps, bool earlier);

}  // namespace compat
