#include "doctor/measure/gpus.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "doctor/measure/link.h"
#include "lib/base/text.h"
#include "lib/loop/owned_fd.h"
#include "lib/wire/doctor.h"

namespace doctor {

namespace {

constexpr std::size_t most_said = std::size_t{1} << 20;

/// A child in a group of its own, which says all to one pipe.
struct Child {
  pid_t pid = -1;
  loop::OwnedFd says;
};

base::Result<Child> start(const std::string& program, bool together, base::Duration limit) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail_errno(errno, "cannot make a pipe");
  Child child{.says = loop::OwnedFd(ends[0])};
  const loop::OwnedFd to(ends[1]);
  const auto seconds = std::to_string(std::chrono::ceil<std::chrono::seconds>(limit).count());
  std::vector<std::string> words{program, "--limit", seconds};
  if (together) words.emplace_back("--ranks");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  (void)posix_spawn_file_actions_init(&files);
  (void)posix_spawnattr_init(&attributes);
  (void)posix_spawn_file_actions_adddup2(&files, to.get(), STDOUT_FILENO);
  (void)posix_spawn_file_actions_adddup2(&files, to.get(), STDERR_FILENO);
  (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error =
      posix_spawnp(&child.pid, program.c_str(), &files, &attributes, arguments.data(), environ);
  (void)posix_spawnattr_destroy(&attributes);
  (void)posix_spawn_file_actions_destroy(&files);
  if (error != 0) return base::fail_errno(error, "cannot start " + program);
  return child;
}

/// What it says until it ends; nullopt: it did not in this time.
std::optional<std::string> read_to_end(const Child& child, const Deadline& deadline) {
  std::string said;
  std::array<char, 4096> piece;
  while (!deadline.is_over()) {
    pollfd watched{.fd = child.says.get(), .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, deadline.left_ms()) <= 0) continue;
    const auto n = read(child.says.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return said;
    if (said.size() < most_said) said.append(piece.data(), static_cast<std::size_t>(n));
  }
  return std::nullopt;
}

/// What the launcher shows to the rank: of a machine with several nodes, those of its own.
int n_given_gpus() {
  const char* devices = std::getenv("CUDA_VISIBLE_DEVICES");
  if (devices == nullptr || *devices == '\0') return 0;
  return static_cast<int>(base::split(devices, ',').size());
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
  return "it ended with code " + std::to_string(WEXITSTATUS(status));
}

/// Lines that are not JSON are for people: the last one says why there is no other.
model::GpuChecks read_lines(const std::string& program, std::string_view said, int status) {
  model::GpuChecks checks;
  std::string last;
  for (const auto line : base::split(said, '\n')) {
    if (!line.starts_with('{')) {
      if (!base::trim(line).empty()) last = base::printable(line, most_said);
      continue;
    }
    auto gpu = wire::gpu_check_from_json(line);
    if (!gpu) {
      checks.problem = program + ": " + gpu.error().text;
      return checks;
    }
    checks.gpus.push_back(*std::move(gpu));
  }
  if (!checks.gpus.empty()) return checks;
  checks.problem = program + " said nothing of GPUs: " + (last.empty() ? end_text(status) : last);
  return checks;
}

}  // namespace

model::GpuChecks check_gpus(const std::string& program, bool together, base::Duration limit) {
  // It ends itself a little before that and says what took too long.
  constexpr base::Duration grace = std::chrono::seconds(5);
  const auto child = start(program, together, limit - grace);
  if (!child) return {.problem = child.error().text, .gpus = {}};
  const auto said = read_to_end(*child, Deadline(limit));
  if (!said) {
    // Where the driver hangs it does not die: it is left to the launcher.
    (void)kill(-child->pid, SIGKILL);
    return {.problem = program + " did not end within " + base::to_text(limit), .gpus = {}};
  }
  int status = 0;
  while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  auto checks = read_lines(program, *said, status);
  checks.n_given = n_given_gpus();
  return checks;
}

}  // namespace doctor
