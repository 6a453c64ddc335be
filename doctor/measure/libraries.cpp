#include "doctor/measure/libraries.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <vector>

#include "doctor/measure/link.h"
#include "lib/base/text.h"
#include "lib/loop/owned_fd.h"

namespace doctor {

namespace {

constexpr base::Duration patience = std::chrono::seconds(5);
constexpr std::size_t longest_version = 8192;  // MPI_MAX_LIBRARY_VERSION_STRING of Open MPI is 256

using Ask = std::string (*)(void* library);

template <class Function>
Function function_of(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

/// "Open MPI v4.1.4, package: ..." is "Open MPI v4.1.4", "MPICH Version:\t4.0.2\n..."
/// "MPICH 4.0.2".
std::string first_part(std::string_view text) {
  std::string part(text.substr(0, text.find_first_of("\n,(")));
  std::ranges::replace(part, '\t', ' ');
  constexpr std::string_view filler = " Version:";
  if (const auto at = part.find(filler); at != std::string::npos) part.erase(at, filler.size());
  return std::string(base::trim(part));
}

std::string ask_mpi(void* library) {
  const auto ask = function_of<int (*)(char*, int*)>(library, "MPI_Get_library_version");
  if (ask == nullptr) return {};
  std::array<char, longest_version> text{};
  int length = 0;
  return ask(text.data(), &length) == 0 ? first_part(text.data()) : std::string();
}

std::string ask_pmix(void* library) {
  const auto ask = function_of<const char* (*)()>(library, "PMIx_Get_version");
  return ask != nullptr ? first_part(ask()) : std::string();
}

/// source: NVML API reference, nvml.h
std::string ask_nvml(void* library) {
  const auto start = function_of<int (*)()>(library, "nvmlInit_v2");
  const auto ask = function_of<int (*)(unsigned*)>(library, "nvmlDeviceGetCount_v2");
  unsigned count = 0;
  if (start == nullptr || ask == nullptr || start() != 0 || ask(&count) != 0) return {};
  return std::to_string(count);
}

[[noreturn]] void answer(const char* library, Ask ask, int to) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) (void)dup2(nowhere, STDERR_FILENO);
  void* loaded = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  const auto text = loaded != nullptr ? ask(loaded) : std::string();
  const auto n = write(to, text.data(), text.size());
  _exit(n == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

std::string read_to_end(int from) {
  const Deadline deadline(patience);
  std::string text;
  std::array<char, 4096> piece;
  while (!deadline.is_over()) {
    pollfd watched{.fd = from, .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, deadline.left_ms()) <= 0) continue;
    const auto n = read(from, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(n));
  }
  return text;
}

/// Empty when the library is not there, or does not answer in time.
std::string ask_library(const char* library, Ask ask) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const loop::OwnedFd from(ends[0]);
  loop::OwnedFd to(ends[1]);
  const auto child = fork();
  if (child == 0) answer(library, ask, to.get());
  to = loop::OwnedFd();
  if (child < 0) return {};
  auto text = read_to_end(from.get());
  (void)kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text;
}

struct Kind {
  const char* name;
  std::vector<const char*> files;
  Ask ask;
};

}  // namespace

std::map<std::string, std::string> library_versions() {
  static const std::array kinds{
      Kind{"PMIx", {"libpmix.so.2"}, ask_pmix},
      Kind{"Open MPI", {"libmpi.so.40"}, ask_mpi},
      Kind{"MPICH", {"libmpich.so.12", "libmpi.so.12"}, ask_mpi},
  };
  std::map<std::string, std::string> versions;
  for (const auto& kind : kinds) {
    for (const auto* file : kind.files) {
      auto version = ask_library(file, kind.ask);
      if (!version.empty()) versions.try_emplace(kind.name, std::move(version));
    }
  }
  return versions;
}

int count_gpus() {
  const auto count = base::parse_int(ask_library("libnvidia-ml.so.1", ask_nvml), 0, 1024);
  return static_cast<int>(count.value_or(0));
}

}  // namespace doctor
