#include "launcher/exec/launch_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <string>

#include "launcher/exec/launch_dir.h"
#include "lib/loop/clock.h"
#include "lib/wire/log_record.h"

namespace exec {

base::Result<LaunchLog> LaunchLog::open(const LaunchDir& dir, base::Bytes limit) {
  LaunchLog log(dir, limit);
  auto begun = log.begin_segment(0);
  if (!begun) return std::unexpected(std::move(begun).error());
  return log;
}

std::string LaunchLog::path_of(std::uint64_t segment) const {
  return dir_->file(wire::log_segment_name(segment));
}

base::Result<void> LaunchLog::begin_segment(std::uint64_t start) {
  const std::string path = path_of(start);
  loop::OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return base::fail_errno(errno, "cannot open '" + path + "'");
  // Who follows the log watches the segment before, which does not grow any more.
  // The kernel's own word for now may be that of its last write.
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::array<timespec, 2> times{now, now};
  if (file_) (void)futimens(file_.get(), times.data());
  file_ = std::move(file);
  return {};
}

base::Result<void> LaunchLog::append(std::optional<int> rank, model::OutputStream stream,
                                     std::string_view bytes) {
  // In pieces, so that a segment of a small log has room for a record.
  const auto most = layout_.most_bytes() - wire::log_header_bytes;
  do {
    if (is_broken_) return {};
    const auto piece = bytes.substr(0, most);
    if (auto added = add(rank, stream, piece); !added) {
      is_broken_ = true;
      return added;
    }
    bytes.remove_prefix(piece.size());
  } while (!bytes.empty());
  return {};
}

base::Result<void> LaunchLog::add(std::optional<int> rank, model::OutputStream stream,
                                  std::string_view bytes) {
  const std::string header = wire::encode_log_header(loop::now(), rank, stream, bytes.size());
  const auto place = layout_.place(header.size() + bytes.size());
  if (place.removed) (void)unlink(path_of(*place.removed).c_str());  // gone already is as good
  if (place.begins) {
    if (auto begun = begin_segment(place.start); !begun) return begun;
  }
  return write(header, bytes);
}

base::Result<void> LaunchLog::write(std::string_view header, std::string_view bytes) {
  const std::array<iovec, 2> pieces{iovec{const_cast<char*>(header.data()), header.size()},
                                    iovec{const_cast<char*>(bytes.data()), bytes.size()}};
  const ssize_t n_bytes = writev(file_.get(), pieces.data(), static_cast<int>(pieces.size()));
  if (n_bytes == static_cast<ssize_t>(header.size() + bytes.size())) return {};
  return base::fail_errno(n_bytes < 0 ? errno : ENOSPC,
                          "cannot write the launch's log; output is missing there from here on");
}

}  // namespace exec
