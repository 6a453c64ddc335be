#include "launcher/exec/root_points.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <system_error>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/owned_fd.h"

namespace exec {

namespace {

constexpr int most_links = 40;
constexpr std::size_t file_limit = std::size_t{4} << 20;
constexpr mode_t rights = 07777;

/// The path without links, where `lower` is the root; it need not be there.
std::string resolve(const std::string& lower, const std::string& path) {
  std::deque<std::string> rest;
  for (const auto name : base::split(path, '/')) rest.emplace_back(name);
  std::string found;
  int n_links = 0;
  while (!rest.empty()) {
    const std::string name = rest.front();
    rest.pop_front();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      found.erase(std::min(found.size(), found.rfind('/')));
      continue;
    }
    std::error_code none;
    const auto link = std::filesystem::read_symlink(lower + found + "/" + name, none).string();
    if (none || ++n_links > most_links) {
      found += "/" + name;
      continue;
    }
    if (link.starts_with('/')) found.clear();
    const auto parts = base::split(link, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) rest.emplace_front(*part);
  }
  return found;
}

/// The folder of the upper layer over the image's, which keeps its rights.
base::Result<void> add_folder(const std::string& lower, const std::string& upper,
                              const std::string& path) {
  struct stat status{};
  const bool is_there = stat((lower + path).c_str(), &status) == 0;
  if (is_there && !S_ISDIR(status.st_mode))
    return base::fail(base::Code::conflict, "'" + path + "' of the image is no folder");
  const auto folder = upper + path;
  if (mkdir(folder.c_str(), S_IRWXU) != 0)
    return errno == EEXIST ? base::Result<void>()
                           : base::fail_errno(errno, "cannot make the folder '" + folder + "'");
  if (chmod(folder.c_str(), is_there ? status.st_mode & rights : 0755) != 0)
    return base::fail_errno(errno, "cannot set the rights of '" + folder + "'");
  return {};
}

base::Result<void> add_folders(const std::string& lower, const std::string& upper,
                               const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    auto made = add_folder(lower, upper, path.substr(0, end));
    if (!made || end == path.npos) return made;
  }
}

base::Result<void> write_upper(const std::string& lower, const std::string& upper,
                               const std::string& path, std::string_view text) {
  auto made = add_folders(lower, upper, path.substr(0, path.rfind('/')));
  if (!made) return made;
  return loop::write_file_atomic(upper + path, text, {.mode = 0644, .sync = false});
}

}  // namespace

bool has_directory(const std::string& lower, const std::string& path) {
  struct stat status{};
  return stat((lower + resolve(lower, path)).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

base::Result<void> add_point(const std::string& lower, const std::string& upper,
                             const std::string& path, bool is_folder) {
  const auto real = resolve(lower, path);
  if (real.empty()) return {};
  if (is_folder) return add_folders(lower, upper, real);
  auto made = add_folders(lower, upper, real.substr(0, real.rfind('/')));
  if (!made) return made;
  if (access((lower + real).c_str(), F_OK) == 0) return {};
  const auto file = upper + real;
  const loop::OwnedFd opened(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  return opened ? base::Result<void>() : base::fail_errno(errno, "cannot make '" + file + "'");
}

base::Result<void> add_line(const std::string& lower, const std::string& upper,
                            const std::string& path, std::string_view id, const std::string& line) {
  const auto real = resolve(lower, path);
  std::string text = loop::read_file(lower + real, file_limit).value_or("");
  for (const auto each : base::split(text, '\n')) {
    const auto fields = base::split(each, ':');
    if (fields.size() > 2 && fields[2] == id) return {};
  }
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return write_upper(lower, upper, real, text + line + "\n");
}

base::Result<void> copy_in(const std::string& lower, const std::string& upper,
                           const std::string& path) {
  const auto text = loop::read_file(path, file_limit);
  if (!text) return {};
  // A link of the image may lead to what only exists while its own system runs.
  const auto folder = resolve(lower, path.substr(0, path.rfind('/')));
  const auto real = folder + path.substr(path.rfind('/'));
  (void)unlink((upper + real).c_str());
  return write_upper(lower, upper, real, *text);
}

}  // namespace exec
