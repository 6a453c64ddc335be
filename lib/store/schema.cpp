#include "lib/store/schema.h"

#include <fmt/format.h>

#include <array>

#include "lib/store/sqlite_journal.h"

namespace store {

namespace {

constexpr std::int64_t application_id = 0x4d535452;  // "MSTR"; shown by file(1) as SQLite's

// Committed in one transaction; application_id and user_version are parts of it.
constexpr std::array<std::string_view, 8> make_tables{
    "BEGIN IMMEDIATE",
    "CREATE TABLE fact (seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, "
    "version INTEGER NOT NULL, body BLOB NOT NULL) STRICT",
    "CREATE TABLE snapshot (up_to INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    "CREATE TABLE history (job INTEGER PRIMARY KEY, user TEXT NOT NULL, name TEXT NOT NULL, "
    "state TEXT NOT NULL, submitted_us INTEGER NOT NULL, started_us INTEGER, "
    "ended_us INTEGER NOT NULL, exit_code INTEGER NOT NULL, record TEXT NOT NULL) STRICT",
    "CREATE INDEX history_by_user ON history (user, job)",
    "PRAGMA application_id = 1297306706",
    "PRAGMA user_version = 1",
    "COMMIT"};

static_assert(application_id == 1297306706 && schema_version == 1);

base::Result<void> run_all(Database& database, std::span<const std::string_view> statements) {
  for (const auto sql : statements) {
    if (auto done = database.run(sql); !done) {
      database.roll_back();
      return done;
    }
  }
  return {};
}

/// Whether the file has no tables yet.
base::Result<bool> is_fresh(Database& database) {
  auto tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(std::move(tables).error());
  return *tables == 0;
}

}  // namespace

base::Result<void> check_schema(Database& database) {
  auto id = database.number("PRAGMA application_id");
  if (!id) return std::unexpected(std::move(id).error());
  if (*id != application_id) {
    return base::fail(base::Code::corrupt, "is an SQLite file, but no journal of muster");
  }
  auto version = database.number("PRAGMA user_version");
  if (!version) return std::unexpected(std::move(version).error());
  if (*version < 1) {
    return base::fail(base::Code::corrupt, fmt::format("has schema version {}", *version));
  }
  if (*version > schema_version) {
    return base::fail(base::Code::conflict,
                      fmt::format("has schema version {}, written by a newer muster; this one "
                                  "knows versions up to {}: use the newer one",
                                  *version, schema_version));
  }
  return {};
}

base::Result<void> prepare_schema(Database& database) {
  auto fresh = is_fresh(database);
  if (!fresh) return std::unexpected(std::move(fresh).error());
  if (!*fresh) {
    // Refuse what is not ours before anything is written to it.
    if (auto good = check_schema(database); !good) return good;
  }
  constexpr std::array<std::string_view, 2> settings{"PRAGMA journal_mode = WAL",
                                                     "PRAGMA synchronous = FULL"};
  if (auto set = run_all(database, settings); !set) return set;
  return *fresh ? run_all(database, make_tables) : base::Result<void>();
}

}  // namespace store
