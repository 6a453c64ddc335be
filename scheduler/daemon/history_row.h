#pragma once
// The row that history keeps of a job that has ended.

#include "lib/model/record.h"
#include "lib/store/journal.h"

namespace musterd {

/// `record` is of a job that has ended.
store::HistoryRow history_row(const model::JobRecord& record);

}  // namespace musterd
