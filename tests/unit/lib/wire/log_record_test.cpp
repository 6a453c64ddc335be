#include "lib/wire/log_record.h"

#include <vector>

#include "tests/support/catch.h"

namespace {

using model::OutputStream;
using wire::LogRecord;

std::vector<LogRecord> three_records() {
  return {{base::time_from_us(1'700'000'000'123'456), std::nullopt, OutputStream::out, "hello\n"},
          {base::time_from_us(-1), 3, OutputStream::err, std::string("a\0b", 3)},
          {base::time_from_us(5), 0, OutputStream::out, ""}};
}

std::vector<LogRecord> read_all(wire::LogReader& reader) {
  std::vector<LogRecord> records;
  for (;;) {
    const auto record = reader.next();
    REQUIRE(record);
    if (!*record) return records;
    records.push_back(**record);
  }
}

}  // namespace

TEST_CASE("log records come back as they were, however the file is cut into pieces") {
  std::string file;
  for (const auto& record : three_records()) file += encode(record);
  for (std::size_t piece = 1; piece <= file.size(); ++piece) {
    wire::LogReader reader;
    std::vector<LogRecord> records;
    for (std::size_t at = 0; at < file.size(); at += piece) {
      reader.feed(std::string_view(file).substr(at, piece));
      for (auto& record : read_all(reader)) records.push_back(std::move(record));
    }
    REQUIRE(records == three_records());
    REQUIRE(reader.n_consumed() == file.size());
  }
}

TEST_CASE("a log reader for one rank passes over the others and still counts them") {
  std::string file;
  for (const auto& record : three_records()) file += encode(record);
  wire::LogReader reader(3);
  reader.feed(file);
  const auto records = read_all(reader);
  REQUIRE(records == std::vector<LogRecord>{three_records()[1]});
  CHECK(reader.n_consumed() == file.size());
}

TEST_CASE("an unfinished log record is not consumed") {
  const auto record = encode(three_records()[0]);
  wire::LogReader reader;
  reader.feed(record.substr(0, record.size() - 1));
  CHECK(read_all(reader).empty());
  CHECK(reader.n_consumed() == 0);
}

TEST_CASE("bytes that are no log record are refused, for good") {
  auto file = encode(three_records()[0]);
  file[17] = 'X';
  wire::LogReader reader;
  reader.feed(file);
  REQUIRE_FALSE(reader.next());
  CHECK(reader.next().error().code == base::Code::corrupt);
}
