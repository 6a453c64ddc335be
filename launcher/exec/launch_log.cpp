#include "launcher/exec/launch_log.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/loop/clock.h"
#include "lib/wire/log_record.h"

namespace exec {

base::Result<LaunchLog> LaunchLog::open(const std::string& path, std::uint64_t limit) {
  loop::OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return base::fail_errno(errno, "cannot open '" + path + "'");
  return LaunchLog(std::move(file), limit);
}

base::Result<void> LaunchLog::append(std::optional<int> rank, model::OutputStream stream,
                                     std::string_view bytes) {
  if (has_ended_) return {};
  if (bytes.size() > left_) {
    has_ended_ = true;
    return write(
        rank, model::OutputStream::err,
        "\nmuster-launch: the log of this launch is full; what follows is not kept in it\n");
  }
  left_ -= bytes.size();
  return write(rank, stream, bytes);
}

base::Result<void> LaunchLog::write(std::optional<int> rank, model::OutputStream stream,
                                    std::string_view bytes) {
  std::string header = wire::encode_log_header(loop::now(), rank, stream, bytes.size());
  const std::array<iovec, 2> pieces{iovec{header.data(), header.size()},
                                    iovec{const_cast<char*>(bytes.data()), bytes.size()}};
  const ssize_t n_bytes = writev(file_.get(), pieces.data(), static_cast<int>(pieces.size()));
  if (n_bytes == static_cast<ssize_t>(header.size() + bytes.size())) return {};
  has_ended_ = true;
  return base::fail_errno(n_bytes < 0 ? errno : ENOSPC,
                          "cannot write the launch's log; output is missing there from here on");
}

}  // namespace exec
