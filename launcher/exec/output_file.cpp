#include "launcher/exec/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "launcher/map/output_path.h"

namespace exec {

base::Result<OutputFile> OutputFile::open(const std::string& path, bool append) {
  // A pipe would hold up the launcher whenever nobody reads it.
  struct stat known{};
  if (stat(path.c_str(), &known) == 0 && (S_ISFIFO(known.st_mode) || S_ISSOCK(known.st_mode))) {
    return base::fail(base::Code::invalid, "cannot open the output file '" + path +
                                               "': it is a pipe or a socket; expected a file");
  }
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_APPEND | (append ? 0 : O_TRUNC);
  loop::OwnedFd file(::open(path.c_str(), flags, 0666));
  if (!file) return base::fail_errno(errno, "cannot open the output file '" + path + "'");
  return OutputFile(std::move(file), path);
}

base::Result<void> OutputFile::write(std::string_view bytes) {
  while (!broken_ && !bytes.empty()) {
    const ssize_t n_bytes = ::write(file_.get(), bytes.data(), bytes.size());
    if (n_bytes < 0 && errno == EINTR) continue;
    if (n_bytes < 0) {
      broken_ = true;
      return base::fail_errno(errno, "cannot write the output file '" + path_ + "'");
    }
    bytes.remove_prefix(static_cast<std::size_t>(n_bytes));
  }
  return {};
}

base::Result<OutputFiles> OutputFiles::open(const model::LaunchOrder& order) {
  const auto& job = *order.job;
  const mapping::PatternValues values{.job = order.key.job,
                                      .job_name = job.name,
                                      .node = order.allocation.nodes.front().name,
                                      .node_index = 0,
                                      .task = std::nullopt,
                                      .user = order.user.name,
                                      .array = order.task,
                                      .attempt = order.key.attempt};
  const bool append = job.append_output || order.key.attempt > 1;
  const std::string output = mapping::expand_pattern(job.output, values);
  const std::string error = mapping::expand_pattern(job.error, values);

  OutputFiles files;
  const auto open_at =
      [append](const std::string& path) -> base::Result<std::shared_ptr<OutputFile>> {
    if (path.empty()) return nullptr;
    auto file = OutputFile::open(path, append);
    if (!file) return std::unexpected(file.error());
    return std::make_shared<OutputFile>(std::move(*file));
  };
  auto opened = open_at(output);
  if (!opened) return std::unexpected(opened.error());
  files.output_ = std::move(*opened);
  files.error_ = files.output_;
  if (error.empty() || error == output) return files;
  auto opened_error = open_at(error);
  if (!opened_error) return std::unexpected(opened_error.error());
  files.error_ = std::move(*opened_error);
  return files;
}

base::Result<void> OutputFiles::write(model::OutputStream stream, std::string_view bytes) {
  const auto& file = stream == model::OutputStream::err ? error_ : output_;
  return file ? file->write(bytes) : base::Result<void>();
}

}  // namespace exec
