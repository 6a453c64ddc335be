#pragma once
// What a journal's file is asked, by the writer's connection or a reader's. Private to this folder.

#include <cstddef>
#include <optional>
#include <vector>

#include "lib/store/database.h"
#include "lib/store/journal.h"

namespace store {

base::Result<SeqRange> query_range(Database& database);
base::Result<std::vector<StoredRecord>> query_records(Database& database, model::Seq first,
                                                      std::size_t limit);
base::Result<std::optional<HistoryRow>> query_job(Database& database, model::JobId job);
base::Result<std::vector<HistoryRow>> query_jobs(Database& database, const HistoryQuery& query);

}  // namespace store
