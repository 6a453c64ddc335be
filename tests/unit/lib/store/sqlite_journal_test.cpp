// What only a real disk does: crashes, full disks, damage, other versions, readers beside the
// writer.

#include "lib/store/sqlite_journal.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

using Catch::Matchers::Contains;
using store::Record;
using store::SqliteJournal;

std::vector<Record> group(int n, std::size_t body_bytes = 200) {
  return std::vector<Record>(
      static_cast<std::size_t>(n),
      Record{base::time_from_us(1), "launch_started", 1, std::string(body_bytes, 'x')});
}

std::unique_ptr<SqliteJournal> open_journal(const std::filesystem::path& path) {
  auto opened = SqliteJournal::open(path);
  INFO((opened ? "" : opened.error().text));
  REQUIRE(opened.has_value());
  return *std::move(opened);
}

base::Error error_of_open(const std::filesystem::path& path) {
  auto opened = SqliteJournal::open(path);
  REQUIRE_FALSE(opened.has_value());
  return opened.error();
}

void run_sql(const std::filesystem::path& path, const char* sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
  REQUIRE(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

/// Appends for ever, in groups of three, and writes the place of each durable record to `fd`.
[[noreturn]] void append_for_ever(const std::filesystem::path& path, int fd) {
  auto journal = SqliteJournal::open(path);
  if (!journal) _exit(1);
  for (model::Seq next = (*journal)->range()->last + 1;; next += 3) {
    std::vector<Record> records;
    for (model::Seq seq = next; seq < next + 3; ++seq) {
      records.push_back({base::time_from_us(1), "k", 1, std::to_string(seq)});
    }
    const auto last = (*journal)->append(records);
    if (!last || write(fd, &*last, sizeof *last) != sizeof *last) _exit(1);
  }
}

/// Kills such a writer after some acknowledgements; returns the last of them.
model::Seq kill_a_writer(const std::filesystem::path& path, int n_acknowledged) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) append_for_ever(path, ends[1]);
  close(ends[1]);
  model::Seq acknowledged = 0;
  for (int i = 0; i < n_acknowledged; ++i) {
    REQUIRE(read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
  }
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  // What it acknowledged between our last read and its end counts too.
  while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
  }
  close(ends[0]);
  return acknowledged;
}

/// Every record from 1 to the last is there with the body it was given, and groups are whole.
void require_exact_prefix(const std::filesystem::path& path, model::Seq acknowledged) {
  const auto journal = open_journal(path);
  const auto range = *journal->range();
  REQUIRE(range.first == 1);
  REQUIRE(range.last >= acknowledged);
  REQUIRE(range.last <= acknowledged + 3);
  REQUIRE(range.last % 3 == 0);
  const auto all = *journal->read_from(1, 1'000'000);
  REQUIRE(all.size() == range.last);
  for (const auto& one : all) REQUIRE(one.record.body == std::to_string(one.seq));
  REQUIRE(journal->check_integrity().has_value());
}

/// A file system of 2 MiB for a test; it is not there where we may not mount.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& folder) : folder_(folder) {
    is_mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool is_mounted() const { return is_mounted_; }

 private:
  std::filesystem::path folder_;
  bool is_mounted_ = false;
};

/// No file of this process may grow beyond `bytes` while this lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old_) == 0);
    const rlimit now{bytes, old_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit old_{};
  sighandler_t old_handler_ = SIG_DFL;
};

struct Filled {
  model::Seq acknowledged = 0;
  base::Error error;
};

/// Appends until it fails.
Filled fill(SqliteJournal& journal) {
  Filled filled;
  for (int i = 0; i < 100'000; ++i) {
    const auto last = journal.append(group(10, 1'000));
    if (!last) {
      filled.error = last.error();
      return filled;
    }
    filled.acknowledged = *last;
  }
  FAIL("the disk was never full");
  return filled;
}

}  // namespace

TEST_CASE("a writer killed at any moment loses nothing that it acknowledged") {
  const support::TempFolder place;
  const auto path = place / "journal.db";
  for (int round = 1; round <= 8; ++round) {
    const auto acknowledged = kill_a_writer(path, 5 * round);
    require_exact_prefix(path, acknowledged);
  }
}

TEST_CASE("a copy of the files taken while a writer writes opens as a prefix") {
  const support::TempFolder place;
  const auto journal = open_journal(place / "journal.db");
  for (int i = 0; i < 20; ++i) REQUIRE(journal->append(group(3)).has_value());
  std::filesystem::copy_file(place / "journal.db", place / "copy.db");
  std::filesystem::copy_file(place / "journal.db-wal", place / "copy.db-wal");
  // A crash in the middle of a write: the last page of the log is cut.
  const auto size = std::filesystem::file_size(place / "copy.db-wal");
  std::filesystem::resize_file(place / "copy.db-wal", size - 1'000);
  const auto copy = open_journal(place / "copy.db");
  CHECK(copy->range() == store::SeqRange{1, 57});
}

TEST_CASE(
    "a full disk gives an error, keeps what was acknowledged, and goes on when there is room") {
  const support::TempFolder place;
  const SmallDisk disk(place.path());
  if (!disk.is_mounted()) {
    WARN("skipped: mounting a small disk is not permitted here");
    return;
  }
  const auto path = place / "journal.db";
  const auto ballast = place / "ballast";
  const auto journal = open_journal(path);
  std::ofstream(ballast) << std::string(500'000, 'b');
  const auto filled = fill(*journal);
  CHECK(filled.error.code == base::Code::io);
  CHECK_THAT(filled.error.text, Contains("cannot write the journal: database or disk is full"));
  CHECK(journal->range() == store::SeqRange{1, filled.acknowledged});
  CHECK_FALSE(journal->append(group(200, 1'000)).has_value());
  std::filesystem::remove(ballast);
  CHECK(journal->append(group(1)) == filled.acknowledged + 1);
  CHECK(open_journal(path)->range() == store::SeqRange{1, filled.acknowledged + 1});
}

TEST_CASE("a file that may not grow gives an error and keeps what was acknowledged") {
  const support::TempFolder place;
  const auto path = place / "journal.db";
  Filled filled;
  {
    const auto journal = open_journal(path);
    const FileLimit limit(300'000);
    filled = fill(*journal);
  }
  CHECK(filled.error.code == base::Code::io);
  CHECK_THAT(filled.error.text, Contains("cannot write the journal"));
  const auto journal = open_journal(path);
  CHECK(journal->range() == store::SeqRange{1, filled.acknowledged});
  CHECK(journal->append(group(1)) == filled.acknowledged + 1);
}

TEST_CASE("what is no journal is refused and left alone") {
  const support::TempFolder place;
  const auto text = place / "text";
  std::ofstream(text) << std::string(5'000, 'a');
  CHECK(error_of_open(text).code == base::Code::corrupt);
  CHECK(std::filesystem::file_size(text) == 5'000);

  const auto other = place / "other.db";
  run_sql(other, "CREATE TABLE t (x)");
  const auto error = error_of_open(other);
  CHECK(error.code == base::Code::corrupt);
  CHECK_THAT(error.text, Contains("other.db': is an SQLite file, but no journal of muster"));

  const auto missing = error_of_open(place / "no/such/folder");
  CHECK(missing.code == base::Code::not_found);
  CHECK_THAT(missing.text, Contains("No such file"));
  CHECK(store::SqliteReader::open(place / "nothing").error().code == base::Code::not_found);
}

TEST_CASE("a newer schema is refused by its version") {
  const support::TempFolder place;
  const auto path = place / "journal.db";
  open_journal(path);
  run_sql(path, "PRAGMA user_version = 2");
  const auto error = error_of_open(path);
  CHECK(error.code == base::Code::conflict);
  CHECK_THAT(error.text, Contains("has schema version 2, written by a newer muster"));
}

TEST_CASE("a damaged file gives errors, not wrong records") {
  const support::TempFolder place;
  const auto path = place / "journal.db";
  REQUIRE(open_journal(path)->append(group(1'000)).has_value());
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2));
  file << std::string(20'000, '\xff');
  file.close();
  auto opened = SqliteJournal::open(path);
  if (opened) {
    CHECK((*opened)->check_integrity().error().code == base::Code::corrupt);
    CHECK((*opened)->read_from(1, 2'000).error().code == base::Code::corrupt);
  } else {
    CHECK(opened.error().code == base::Code::corrupt);
  }
}

TEST_CASE("a reader sees what is durable while the writer goes on, and nothing else") {
  const support::TempFolder place;
  const auto path = place / "journal.db";
  const auto journal = open_journal(path);
  REQUIRE(journal->append(group(3)).has_value());
  auto reader = store::SqliteReader::open(path);
  REQUIRE(reader.has_value());
  CHECK((*reader)->range() == store::SeqRange{1, 3});
  REQUIRE(journal->append(group(2)).has_value());
  CHECK((*reader)->read_from(4, 10)->size() == 2);
  CHECK((*reader)->list_jobs({})->empty());
}

TEST_CASE("the files of a journal are its owner's only") {
  const support::TempFolder place;
  const auto journal = open_journal(place / "journal.db");
  REQUIRE(journal->append(group(1)).has_value());
  for (const auto* name : {"journal.db", "journal.db-wal", "journal.db-shm"}) {
    struct stat status{};
    REQUIRE(stat((place / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("appending, measured", "[.][bench]") {
  const support::TempFolder place;
  for (const int size : {1, 64}) {
    const auto journal = open_journal(place / ("journal" + std::to_string(size)));
    const auto records = group(size, 300);
    const int rounds = 500;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) REQUIRE(journal->append(records).has_value());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("append_groups_of_%d %.0f records/s, %.0f us/append\n", size,
                rounds * size / took.count(), took.count() / rounds * 1e6);
  }
}
