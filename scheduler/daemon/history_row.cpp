#include "scheduler/daemon/history_row.h"

#include "lib/wire/api.h"

namespace musterd {

store::HistoryRow history_row(const model::JobRecord& record) {
  return {.job = record.job,
          .user = record.user.name,
          .name = record.name,
          .state = std::string(to_text(record.state)),
          .submitted_at = record.submitted_at,
          .started_at = record.started_at,
          .ended_at = record.ended_at.value_or(record.submitted_at),
          .exit_code = record.outcome ? record.outcome->exit_code : 0,
          .record = wire::to_json(record)};
}

}  // namespace musterd
