#include "cli/terminal.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

#include "cli/problem.h"
#include "lib/loop/clock.h"

namespace cli {

void print(std::string_view text) {
  // finish_output() tells of a failure.
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_error(std::string_view text) {
  // There is nobody left to tell when this fails.
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

int finish_output(int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  if (errno == EPIPE) return exit_code;
  print_error(
      fmt::format("muster: {}\n", base::fail_errno(errno, "cannot write the output").error().text));
  return exit_code == exit_done ? exit_refused : exit_code;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

model::Environment environment() {
  model::Environment result;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text = *one;
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    result.emplace_hint(result.end(), text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

base::Result<std::string> present_directory() {
  struct stat here{};
  struct stat shell{};
  if (::stat(".", &here) != 0) return base::fail_errno(errno, "cannot find the present directory");
  const auto named = variable("PWD");
  if (named && named->starts_with('/') && ::stat(named->c_str(), &shell) == 0 &&
      shell.st_dev == here.st_dev && shell.st_ino == here.st_ino) {
    return *named;
  }
  char path[4096];
  if (::getcwd(path, sizeof path) == nullptr) {
    return base::fail_errno(errno, "cannot find the present directory");
  }
  return std::string(path);
}

base::Result<std::string> program_beside(std::string_view name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return base::fail_errno(error.value(), "cannot find the path of this program");
  const auto path = self.parent_path() / name;
  if (::access(path.c_str(), X_OK) == 0) return path.string();
  return base::fail_errno(errno, fmt::format("cannot start '{}'", path.string()));
}

std::string own_name() {
  const auto* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : fmt::format("{}", ::getuid());
}

std::string local_time(base::Time time) {
  const std::time_t seconds = base::to_us(time) / 1'000'000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

render::View view() {
  render::View result{.now = loop::now(), .width = std::nullopt, .time = local_time};
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 1) {
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    result.width = known ? size.ws_col : 80;
  }
  return result;
}

bool is_watched() {
  return ::isatty(STDERR_FILENO) == 1;
}

void sleep_for(base::Duration duration) {
  std::this_thread::sleep_for(duration);
}

}  // namespace cli
