#pragma once
// Writes the file `log` of a launch directory (lib/wire/log_record.h).

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/head_message.h"

namespace exec {

class LaunchLog {
 public:
  static base::Result<LaunchLog> open(const std::string& path);

  /// Appends what a rank (or the script) wrote. After the first error, which is returned, nothing
  /// more is written, so that the file stays a sequence of records.
  base::Result<void> append(std::optional<int> rank, model::OutputStream stream,
                            std::string_view bytes);

 private:
  explicit LaunchLog(loop::OwnedFd file) : file_(std::move(file)) {}

  loop::OwnedFd file_;
  bool broken_ = false;
};

}  // namespace exec
