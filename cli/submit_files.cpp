#include "cli/submit_files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace cli {

namespace {

constexpr std::size_t script_limit = std::size_t{256} << 20;  // the cluster's own is smaller

bool is_regular(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// The present directory goes before PATH.
std::string find_script(const std::string& name) {
  if (name.find('/') != std::string::npos || ::access(name.c_str(), F_OK) == 0) return name;
  const auto path = variable("PATH").value_or("");
  for (const auto folder : base::split(path, ':')) {
    auto candidate = std::string(folder) + "/" + name;
    if (!folder.empty() && is_regular(candidate)) return candidate;
  }
  return name;
}

Try<std::string> read_input() {
  std::string text;
  char block[65536];
  for (;;) {
    const auto n = ::read(STDIN_FILENO, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(base::fail_errno(errno, "cannot read the script").error());
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
    if (text.size() > script_limit) return refuse("the script is larger than 256 MiB");
  }
}

/// The folder of a file, as far as it is known before the job's number is.
std::string folder_of(const std::string& pattern) {
  const auto known = pattern.substr(0, pattern.find('%'));
  const auto slash = known.rfind('/');
  return slash == 0 ? "/" : known.substr(0, slash);
}

Try<void> check_folder(std::string_view what, const std::string& path, int access) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    const auto repair =
        errno == ENOENT && (access & W_OK) != 0 ? "; make it with mkdir -p" : std::string_view();
    return refuse(fmt::format(
        "{}: {}{}", what, base::fail_errno(errno, fmt::format("directory '{}'", path)).error().text,
        repair));
  }
  if (!S_ISDIR(status.st_mode)) return refuse(fmt::format("{}: '{}' is no directory", what, path));
  if (::access(path.c_str(), access) != 0) {
    const auto kind = (access & W_OK) != 0 ? "cannot write to" : "cannot enter";
    return refuse(fmt::format(
        "{}: {}", what,
        base::fail_errno(errno, fmt::format("{} directory '{}'", kind, path)).error().text));
  }
  return {};
}

Try<void> check_output(std::string_view what, const std::string& pattern) {
  struct stat status{};
  if (pattern.ends_with('/')) {
    return refuse(fmt::format("{}: expected a file, found the directory '{}'", what, pattern));
  }
  if (pattern.find('%') == std::string::npos && ::stat(pattern.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      return refuse(fmt::format("{}: expected a file, found the directory '{}'", what, pattern));
    }
    if (::access(pattern.c_str(), W_OK) == 0) return {};
    return refuse(fmt::format(
        "{}: {}", what,
        base::fail_errno(errno, fmt::format("cannot write to '{}'", pattern)).error().text));
  }
  return check_folder(what, folder_of(pattern), W_OK | X_OK);
}

}  // namespace

Try<request::ScriptFile> read_script_file(const std::string& name) {
  if (name == "-") {
    auto text = read_input();
    if (!text) return std::unexpected(text.error());
    return request::ScriptFile{name, std::move(*text)};
  }
  const auto path = find_script(name);
  auto text = loop::read_file(path, script_limit);
  if (!text) return refuse(text.error());
  return request::ScriptFile{path, std::move(*text)};
}

Try<std::vector<std::string>> make_output_folders(const model::JobSpec& spec) {
  std::vector<std::string> made;
  for (const auto* pattern : {&spec.output, &spec.error}) {
    const auto folder = folder_of(*pattern);
    std::error_code error;
    if (folder.empty() || std::filesystem::exists(folder, error)) continue;
    if (std::filesystem::create_directories(folder, error)) {
      made.push_back(folder);
    } else if (error) {
      return refuse(fmt::format("cannot make the directory '{}' of an output file: {}", folder,
                                error.message()));
    }
  }
  return made;
}

Try<void> check_places(const model::JobSpec& spec) {
  if (auto fine = check_folder("--chdir", spec.work_dir, X_OK); !fine) return fine;
  if (auto fine = check_output("--output", spec.output); !fine) return fine;
  return spec.error.empty() ? Try<void>() : check_output("--error", spec.error);
}

}  // namespace cli
