#include "lib/store/queries.h"

#include <algorithm>
#include <limits>

namespace store {

namespace {

std::int64_t limit_of(std::size_t limit) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(limit, most));
}

HistoryRow history_row(const Statement& row) {
  return {.job = model::JobId(static_cast<std::uint32_t>(row.integer_at(0))),
          .user = row.bytes_at(1),
          .name = row.bytes_at(2),
          .state = row.bytes_at(3),
          .submitted_at = base::time_from_us(row.integer_at(4)),
          .started_at = row.is_null_at(5) ? std::nullopt
                                          : std::optional(base::time_from_us(row.integer_at(5))),
          .ended_at = base::time_from_us(row.integer_at(6)),
          .exit_code = static_cast<int>(row.integer_at(7)),
          .record = row.bytes_at(8)};
}

constexpr std::string_view history_columns =
    "SELECT job, user, name, state, submitted_us, started_us, ended_us, exit_code, record "
    "FROM history ";

std::string list_sql(const HistoryQuery& query) {
  std::string sql(history_columns);
  sql += "WHERE job > ?";
  if (!query.user.empty()) sql += " AND user = ?";
  if (!query.name.empty()) sql += " AND name = ?";
  if (query.ended_from) sql += " AND ended_us >= ?";
  if (query.submitted_to) sql += " AND submitted_us <= ?";
  for (std::size_t i = 0; i < query.states.size(); ++i) sql += i == 0 ? " AND state IN (?" : ",?";
  if (!query.states.empty()) sql += ")";
  return sql + " ORDER BY job LIMIT ?";
}

}  // namespace

base::Result<SeqRange> query_range(Database& database) {
  // One statement, so that both ends are of the same moment.
  auto statement = database.prepare(
      "SELECT (SELECT min(seq) FROM fact), (SELECT max(seq) FROM fact), "
      "(SELECT max(up_to) FROM snapshot)");
  if (!statement) return std::unexpected(std::move(statement).error());
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row).error());
  const auto last =
      static_cast<model::Seq>(std::max(statement->integer_at(1), statement->integer_at(2)));
  if (statement->is_null_at(0)) return SeqRange{last + 1, last};
  return SeqRange{static_cast<model::Seq>(statement->integer_at(0)), last};
}

base::Result<std::vector<StoredRecord>> query_records(Database& database, model::Seq first,
                                                      std::size_t limit) {
  auto statement = database.prepare(
      "SELECT seq, at_us, kind, version, body FROM fact WHERE seq >= ? ORDER BY seq LIMIT ?");
  if (!statement) return std::unexpected(std::move(statement).error());
  statement->integer(limit_of(first)).integer(limit_of(limit));
  std::vector<StoredRecord> records;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row).error());
    if (!*row) return records;
    records.push_back({static_cast<model::Seq>(statement->integer_at(0)),
                       {base::time_from_us(statement->integer_at(1)), statement->bytes_at(2),
                        static_cast<int>(statement->integer_at(3)), statement->bytes_at(4)}});
  }
}

base::Result<std::optional<HistoryRow>> query_job(Database& database, model::JobId job) {
  auto statement = database.prepare(std::string(history_columns) + "WHERE job = ?");
  if (!statement) return std::unexpected(std::move(statement).error());
  statement->integer(job.number());
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row).error());
  return *row ? std::optional(history_row(*statement)) : std::nullopt;
}

base::Result<std::vector<HistoryRow>> query_jobs(Database& database, const HistoryQuery& query) {
  auto statement = database.prepare(list_sql(query));
  if (!statement) return std::unexpected(std::move(statement).error());
  statement->integer(query.after ? query.after->number() : 0);
  if (!query.user.empty()) statement->text(query.user);
  if (!query.name.empty()) statement->text(query.name);
  if (query.ended_from) statement->integer(base::to_us(*query.ended_from));
  if (query.submitted_to) statement->integer(base::to_us(*query.submitted_to));
  for (const auto& state : query.states) statement->text(state);
  statement->integer(limit_of(query.limit));
  std::vector<HistoryRow> rows;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row).error());
    if (!*row) return rows;
    rows.push_back(history_row(*statement));
  }
}

}  // namespace store
