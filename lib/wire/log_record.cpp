#include "lib/wire/log_record.h"

#include "lib/base/check.h"

namespace wire {

namespace {

constexpr std::string_view mark = "ML1";

void put(std::string& bytes, std::uint64_t value, int n_bytes) {
  for (int i = 0; i < n_bytes; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint64_t get(std::string_view bytes, int n_bytes) {
  std::uint64_t value = 0;
  for (int i = n_bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  }
  return value;
}

}  // namespace

std::string encode_log_header(base::Time time, std::optional<int> rank, model::OutputStream stream,
                              std::size_t n_bytes) {
  base::check(n_bytes <= log_record_limit, "a log record is within its limit");
  std::string header;
  header.reserve(log_header_bytes);
  put(header, n_bytes, 4);
  put(header, static_cast<std::uint32_t>(rank.value_or(-1)), 4);
  put(header, static_cast<std::uint64_t>(base::to_us(time)), 8);
  put(header, stream == model::OutputStream::err ? 1 : 0, 1);
  header += mark;
  return header;
}

std::string encode(const LogRecord& record) {
  return encode_log_header(record.time, record.rank, record.stream, record.bytes.size()) +
         record.bytes;
}

void LogReader::feed(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

base::Result<std::optional<LogRecord>> LogReader::next() {
  for (;;) {
    const auto rest = std::string_view(buffer_).substr(taken_);
    if (rest.size() < log_header_bytes) return std::nullopt;
    const auto length = static_cast<std::size_t>(get(rest, 4));
    const auto rank = static_cast<std::int32_t>(get(rest.substr(4), 4));
    const auto stream = get(rest.substr(16), 1);
    if (rest.substr(17, mark.size()) != mark || length > log_record_limit || stream > 1 ||
        rank < stacks_rank) {
      return base::fail(base::Code::corrupt, "the launch's log has no record at offset " +
                                                 std::to_string(n_consumed_) +
                                                 " of what was read; expected one");
    }
    if (rest.size() < log_header_bytes + length) return std::nullopt;
    taken_ += log_header_bytes + length;
    n_consumed_ += log_header_bytes + length;
    if (only_rank_ ? *only_rank_ != rank : rank <= map_rank) continue;
    LogRecord record;
    record.time = base::time_from_us(static_cast<std::int64_t>(get(rest.substr(8), 8)));
    if (rank >= 0) record.rank = rank;
    record.stream = stream == 1 ? model::OutputStream::err : model::OutputStream::out;
    record.bytes = rest.substr(log_header_bytes, length);
    return record;
  }
}

}  // namespace wire
