#pragma once
// Writes the log of a launch directory (lib/wire/log_record.h, log_segments.h).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/head_message.h"
#include "lib/wire/log_segments.h"

namespace exec {

class LaunchDir;

class LaunchLog {
 public:
  /// dir     outlives the log
  /// limit   of its files together, so that a program that writes without end does not fill the
  ///         disk: of more, the first half and the end are kept; 0: none
  static base::Result<LaunchLog> open(const LaunchDir& dir, base::Bytes limit);

  /// Appends what a rank (or the script) wrote. After the first error, which is returned, nothing
  /// more is written, so that the files stay sequences of records.
  base::Result<void> append(std::optional<int> rank, model::OutputStream stream,
                            std::string_view bytes);

 private:
  LaunchLog(const LaunchDir& dir, base::Bytes limit) : dir_(&dir), layout_(limit.count()) {}
  std::string path_of(std::uint64_t segment) const;
  base::Result<void> begin_segment(std::uint64_t start);
  base::Result<void> add(std::optional<int> rank, model::OutputStream stream,
                         std::string_view bytes);
  base::Result<void> write(std::string_view header, std::string_view bytes);

  const LaunchDir* dir_;
  wire::LogLayout layout_;
  loop::OwnedFd file_;  // the present segment
  bool is_broken_ = false;
};

}  // namespace exec
