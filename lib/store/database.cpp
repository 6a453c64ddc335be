#include "lib/store/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace store {

namespace {

constexpr int busy_timeout_ms = 10'000;  // for a reader that meets a checkpoint

base::Code code_of(int status) {
  switch (status & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return base::Code::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return base::Code::unavailable;
    default:
      return base::Code::io;
  }
}

/// What the connection last complained about, with the reason of the operating system.
base::Error last_error(sqlite3* connection) {
  const int status = sqlite3_extended_errcode(connection);
  std::string text = sqlite3_errmsg(connection);
  const int error_number = sqlite3_system_errno(connection);
  if (code_of(status) == base::Code::io && error_number != 0) {
    text += fmt::format(" ({})", std::strerror(error_number));
  }
  return {code_of(status), text};
}

/// Makes the file, so that it is the owner's only: SQLite gives its companions the same mode.
base::Result<void> create_private(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return base::fail_errno(errno, fmt::format("cannot open '{}'", path.string()));
  ::close(fd);
  return {};
}

}  // namespace

Statement::Statement(sqlite3* connection, sqlite3_stmt* statement)
    : connection_(connection), statement_(statement) {}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      n_bound_(other.n_bound_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::integer(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++n_bound_, value);
  return *this;
}

Statement& Statement::text(std::string_view value) {
  sqlite3_bind_text64(statement_, ++n_bound_, value.data(), value.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::blob(std::string_view value) {
  // A null pointer would be bound as NULL.
  const char* const data = value.empty() ? "" : value.data();
  sqlite3_bind_blob64(statement_, ++n_bound_, data, value.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::null() {
  sqlite3_bind_null(statement_, ++n_bound_);
  return *this;
}

base::Result<bool> Statement::step() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return std::unexpected(last_error(connection_));
}

base::Result<void> Statement::run() {
  auto row = step();
  sqlite3_reset(statement_);
  n_bound_ = 0;
  if (!row) return std::unexpected(std::move(row).error());
  return {};
}

std::int64_t Statement::integer_at(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::bytes_at(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(data, size);
}

bool Statement::is_null_at(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

base::Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path,
                                                       Mode mode) {
  if (mode == Mode::write) {
    if (auto created = create_private(path); !created) return std::unexpected(created.error());
  } else if (std::error_code error; !std::filesystem::exists(path, error)) {
    return base::fail(base::Code::not_found,
                      fmt::format("'{}': there is no journal", path.string()));
  }
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int status = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  auto database = std::make_unique<Database>(connection);
  if (status != SQLITE_OK) {
    return std::unexpected(last_error(connection).in(fmt::format("'{}'", path.string())));
  }
  sqlite3_busy_timeout(connection, busy_timeout_ms);
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  auto known = statements_.find(sql);
  if (known == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int status = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (status != SQLITE_OK) return std::unexpected(last_error(connection_));
    known = statements_.emplace(sql, statement).first;
  }
  return Statement(connection_, known->second);
}

base::Result<void> Database::run(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(std::move(statement).error());
  return statement->run();
}

base::Result<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(std::move(statement).error());
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row).error());
  return *row ? statement->integer_at(0) : 0;
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(connection_) != 0) return;
  // A failed rollback leaves nothing of the transaction either: it is not in the log.
  (void)run("ROLLBACK");
}

}  // namespace store
