#pragma once
// Writes the file `log` of a launch directory (lib/wire/log_record.h).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/head_message.h"

namespace exec {

/// Of one launch's log, so that a program that writes without end does not fill the disk.
constexpr std::uint64_t log_limit = std::uint64_t{1} << 30;

class LaunchLog {
 public:
  static base::Result<LaunchLog> open(const std::string& path, std::uint64_t limit = log_limit);

  /// Appends what a rank (or the script) wrote. After the first error, which is returned, nothing
  /// more is written, so that the file stays a sequence of records. Nor beyond log_limit: the last
  /// record then says so.
  base::Result<void> append(std::optional<int> rank, model::OutputStream stream,
                            std::string_view bytes);

 private:
  LaunchLog(loop::OwnedFd file, std::uint64_t limit) : file_(std::move(file)), left_(limit) {}
  base::Result<void> write(std::optional<int> rank, model::OutputStream stream,
                           std::string_view bytes);

  loop::OwnedFd file_;
  std::uint64_t left_;  // bytes until the limit
  bool has_ended_ = false;
};

}  // namespace exec
