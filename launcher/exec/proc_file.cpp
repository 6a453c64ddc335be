#include "launcher/exec/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "lib/loop/owned_fd.h"

namespace exec {

std::optional<std::string> read_proc(const std::string& path) {
  const loop::OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t n_bytes = read(file.get(), piece.data(), piece.size());
    if (n_bytes <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(n_bytes));
  }
}

}  // namespace exec
