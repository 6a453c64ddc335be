#pragma once
// One connection to an SQLite file and its prepared statements, with errors as values. Private to
// this folder.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace store {

/// A prepared statement in use: bind, step, read; it is reset at its end. What is bound has to live
/// as long.
class Statement {
 public:
  Statement(sqlite3* connection, sqlite3_stmt* statement);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  // Parameters in order, the first is bound first.
  Statement& integer(std::int64_t value);
  Statement& text(std::string_view value);
  Statement& blob(std::string_view value);
  Statement& null();

  /// Whether there is a row, to be read with the functions below.
  base::Result<bool> step();
  /// For statements that give no rows; the parameters are to be bound anew after it.
  base::Result<void> run();

  std::int64_t integer_at(int column) const;
  std::string bytes_at(int column) const;  // of text or blob
  bool is_null_at(int column) const;

 private:
  sqlite3* connection_;
  sqlite3_stmt* statement_;
  int n_bound_ = 0;
};

class Database {
 public:
  enum class Mode { write, read };

  /// errors: io, not_found (reading what is not there), corrupt
  static base::Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Mode mode);
  explicit Database(sqlite3* connection) : connection_(connection) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The statement of this text, prepared at its first use and kept. One user at a time.
  base::Result<Statement> prepare(std::string_view sql);

  /// One statement without parameters and rows.
  base::Result<void> run(std::string_view sql);

  /// The only value of the only row.
  base::Result<std::int64_t> number(std::string_view sql);

  /// Undoes the open transaction, if there is one.
  void roll_back();

 private:
  sqlite3* connection_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

}  // namespace store
