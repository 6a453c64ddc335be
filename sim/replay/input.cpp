#include "sim/replay/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/text.h"
#include "sim/replay/gpu_trace.h"
#include "sim/replay/swf.h"

namespace replay {

namespace {

constexpr std::size_t most_bytes = std::size_t{2} << 30;
constexpr unsigned piece_bytes = 1 << 18;

/// The file open for reading through zlib.
base::Result<gzFile> open_log(const std::string& path) {
  const auto what = fmt::format("cannot read '{}'", path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return base::fail_errno(errno, what);
  struct stat status{};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    (void)::close(fd);  // only read from
    return base::fail(base::Code::invalid, what + ": it is a directory, expected a file");
  }
  gzFile file = ::gzdopen(fd, "rb");
  if (file != nullptr) return file;
  (void)::close(fd);
  return base::fail(base::Code::io, what + ": no memory for its buffers");
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_text(std::string_view line) {
  return std::ranges::all_of(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte < 0x7f) || c == '\t';
  });
}

bool begins_number(std::string_view line) {
  return line.front() == '-' || (line.front() >= '0' && line.front() <= '9');
}

}  // namespace

base::Result<std::string> read_text(const std::string& path) {
  const auto file = open_log(path);
  if (!file) return std::unexpected(file.error());
  std::string text;
  int got = 0;
  do {
    const auto size = text.size();
    text.resize(size + piece_bytes);
    got = ::gzread(*file, text.data() + size, piece_bytes);
    text.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
  } while (got > 0 && text.size() <= most_bytes);
  int code = Z_OK;
  (void)::gzerror(*file, &code);  // `code` says what the text says
  const int error_number = errno;
  // A file that is cut off shows only when it is closed.
  const int closed = ::gzclose(*file);
  const auto what = fmt::format("cannot read '{}'", path);
  if (got < 0 && code == Z_ERRNO) return base::fail_errno(error_number, what);
  if (text.size() > most_bytes) {
    return base::fail(base::Code::exhausted, what + ": it is larger than 2 GiB");
  }
  if (got < 0 || closed != Z_OK) {
    return base::fail(base::Code::corrupt, what + ": its gzip data is damaged or cut off");
  }
  return text;
}

base::Result<Log> parse_log(std::string_view text, const Reading& reading) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto first = Lines(text).next();
  if (!first) return base::fail(base::Code::invalid, "is empty, expected a log of jobs");
  const auto line = *first;
  if (line.front() == ';') return read_swf(text, reading);
  if (is_text(line) && line.contains(',')) return read_gpu_trace(text, reading);
  if (is_text(line) && begins_number(line)) return read_swf(text, reading);
  return base::fail(
      base::Code::invalid,
      fmt::format("is no log that is known: expected the Standard Workload Format, or a CSV file "
                  "whose first line names the columns job_id, num_gpu, submit_time and duration; "
                  "found {}",
                  is_text(line) ? fmt::format("'{}'", base::printable(line, 60))
                                : "bytes that are no text"));
}

base::Result<Log> read_log(const std::string& path, const Reading& reading) {
  const auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  auto log = parse_log(*text, reading);
  if (!log) return std::unexpected(std::move(log).error().in(path));
  if (log->n_bad > 0) log->first_bad.insert(0, path + ": ");
  return log;
}

}  // namespace replay
