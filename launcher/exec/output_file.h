#pragma once
// The files of -o and -e, which get the output of the batch script.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/head_message.h"
#include "lib/model/launch.h"

namespace exec {

/// A file that output is written to; after the first error it is left alone.
class OutputFile {
 public:
  static base::Result<OutputFile> open(const std::string& path, bool append);

  base::Result<void> write(std::string_view bytes);

 private:
  OutputFile(loop::OwnedFd file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  loop::OwnedFd file_;
  std::string path_;
  bool broken_ = false;
};

class OutputFiles {
 public:
  /// Opens what the patterns of the order's job name: truncated by the first attempt, continued by
  /// later ones. Without an error pattern both streams go into one file; without any, nowhere.
  static base::Result<OutputFiles> open(const model::LaunchOrder& order);

  base::Result<void> write(model::OutputStream stream, std::string_view bytes);

 private:
  std::shared_ptr<OutputFile> output_;
  std::shared_ptr<OutputFile> error_;
};

}  // namespace exec
