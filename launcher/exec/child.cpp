#include "launcher/exec/child.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "launcher/exec/container.h"
#include "lib/base/text.h"

namespace exec {

namespace {

enum class Stage {
  none,
  groups,
  session,
  descriptors,
  affinity,
  proof,
  memory,
  container,
  directory,
  program
};

/// As the kernel takes sets of memory domains.
using MemoryMask = std::array<unsigned long, 16>;
constexpr std::size_t longest_number = 10;  // digits of a process number
constexpr int bits_of_word = 8 * sizeof(unsigned long);
constexpr int most_domains = bits_of_word * static_cast<int>(MemoryMask().size());

/// Everything the child touches, made before it exists: it shares our memory and may not allocate.
struct Plan {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  char* own_number = nullptr;  // text that is its own process number, with room for it
  const char* directory = nullptr;
  std::array<int, 3> descriptors{};
  bool on_terminal = false;
  int kept = -1;
  const Entrances* groups = nullptr;
  rlimit files{};
  bool is_bound = false;
  cpu_set_t cpus{};
  model::MemBind mem_bind = model::MemBind::none;
  MemoryMask memory{};
  pid_t parent = 0;
  const Container* container = nullptr;
};

/// Filled in by the child, read by the parent after it.
struct Trouble {
  volatile Stage stage = Stage::none;
  volatile int error_number = 0;
  cpu_set_t cpus{};  // that it found itself bound to, of Stage::proof
};

bool set_descriptors(const std::array<int, 3>& descriptors) {
  // First out of the way of 0, 1 and 2, so that none is overwritten before it is used.
  std::array<int, 3> high{};
  for (std::size_t i = 0; i < high.size(); ++i) {
    high[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 3);
    if (high[i] < 0) return false;
  }
  for (std::size_t i = 0; i < high.size(); ++i) {
    if (dup2(high[i], static_cast<int>(i)) < 0) return false;
  }
  return true;
}

void clean_signals() {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Binds this process and reads back what has come of it: the kernel silently leaves out what it
/// does not have, or what the process's cpuset forbids. exec() keeps the binding.
Stage bind(const Plan& plan, Trouble& trouble) {
  if (sched_setaffinity(0, sizeof plan.cpus, &plan.cpus) != 0) return Stage::affinity;
  if (sched_getaffinity(0, sizeof trouble.cpus, &trouble.cpus) != 0) return Stage::affinity;
  return CPU_EQUAL(&plan.cpus, &trouble.cpus) ? Stage::none : Stage::proof;
}

/// Those of the kernel before 5.15 prefer one domain, which is the lowest that they are told.
bool set_memory(model::MemBind mem_bind, const MemoryMask& memory) {
  const auto set = [&memory](int mode) {
    // The kernel takes one bit less than it is told of.
    return syscall(SYS_set_mempolicy, mode, memory.data(), most_domains + 1) == 0;
  };
  switch (mem_bind) {
    case model::MemBind::none:
      return true;
    case model::MemBind::local:
      return set(MPOL_BIND);
    case model::MemBind::prefer:
      return set(MPOL_PREFERRED_MANY) || (errno == EINVAL && set(MPOL_PREFERRED));
    case model::MemBind::interleave:
      return set(MPOL_INTERLEAVE);
  }
  return false;
}

bool enter(const Entrances& groups, bool is_born_there) {
  if (groups.procs >= 0 && !is_born_there && write(groups.procs, "0", 1) != 1) return false;
  for (const int file : groups.tasks) {
    if (write(file, "0", 1) != 1) return false;
  }
  return true;
}

/// Dies with its parent, which may be dead already.
void stay_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_PTRACER, parent);  // for a debugger of ours, where Yama restricts them
  if (getppid() != parent) _exit(127);
}

/// In decimal digits.
void write_number(char* text, pid_t number) {
  std::array<char, 12> digits{};
  std::size_t n = 0;
  for (; number > 0; number /= 10) digits[n++] = static_cast<char>('0' + number % 10);
  while (n > 0) *text++ = digits[--n];
  *text = '\0';
}

/// Only calls that are safe between vfork and exec. Returns only when something failed.
Stage become(const Plan& plan, Trouble& trouble, bool is_born_in_group) {
  if (!enter(*plan.groups, is_born_in_group)) return Stage::groups;
  if (setsid() < 0) return Stage::session;
  stay_with(plan.parent);
  if (!set_descriptors(plan.descriptors)) return Stage::descriptors;
  if (plan.on_terminal && ioctl(0, TIOCSCTTY, 0) != 0) return Stage::descriptors;
  if (setrlimit(RLIMIT_NOFILE, &plan.files) != 0) return Stage::descriptors;
  if (plan.kept >= 0 && fcntl(plan.kept, F_SETFD, 0) != 0) return Stage::descriptors;
  if (plan.is_bound) {
    if (const Stage bound = bind(plan, trouble); bound != Stage::none) return bound;
  }
  if (!set_memory(plan.mem_bind, plan.memory)) return Stage::memory;
  if (plan.container != nullptr) {
    if (!plan.container->enter()) return Stage::container;
    stay_with(plan.parent);  // new rights undo it
  }
  if (chdir(plan.directory) != 0) return Stage::directory;
  clean_signals();
  if (plan.own_number != nullptr) write_number(plan.own_number, getpid());
  execve(plan.program, plan.arguments, plan.environment);
  return Stage::program;
}

[[noreturn]] void live(const Plan& plan, Trouble& trouble, bool is_born_in_group) {
  trouble.stage = become(plan, trouble, is_born_in_group);
  trouble.error_number = errno;
  _exit(127);
}

/// As vfork, with a child that is in the group from its first moment: no lock of all groups is
/// taken for it, as it is for one that goes there later. No library has this call, and a function
/// that returns in the child would spoil the parent's stack, so it stands in the caller's frame.
/// The result is of the kernel: -errno.
[[gnu::always_inline]] inline long vfork_into([[maybe_unused]] clone_args& how) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(&how), "S"(sizeof how)
               : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__)
  register long number asm("x8") = SYS_clone3;
  register long result asm("x0") = reinterpret_cast<long>(&how);
  register long size asm("x1") = sizeof how;
  asm volatile("svc 0" : "+r"(result) : "r"(number), "r"(size) : "memory", "cc");
  return result;
#else
  return -ENOSYS;
#endif
}

/// The frame must live until the child has its program, so this is never inlined.
[[gnu::noinline]] pid_t fork_into_group(const Plan& plan, Trouble& trouble) {
  clone_args how{};
  how.flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP;
  how.exit_signal = SIGCHLD;
  how.cgroup = static_cast<std::uint64_t>(plan.groups->folder);
  const long pid = vfork_into(how);
  if (pid == 0) live(plan, trouble, true);
  return static_cast<pid_t>(pid);
}

[[gnu::noinline]] pid_t fork_and_go(const Plan& plan, Trouble& trouble) {
  const pid_t pid = vfork();
  if (pid == 0) live(plan, trouble, false);
  return pid;
}

/// Older kernels and some sandboxes do not know how to let a process be born in a group.
pid_t fork_and_become(const Plan& plan, Trouble& trouble) {
  if (plan.groups->folder >= 0) {
    const pid_t pid = fork_into_group(plan, trouble);
    if (pid > 0) return pid;
  }
  return fork_and_go(plan, trouble);
}

MemoryMask mask_of(const model::IndexSet& domains) {
  MemoryMask mask{};
  for (const int domain : domains.members()) {
    if (domain >= most_domains) break;
    mask[static_cast<std::size_t>(domain / bits_of_word)] |= 1UL << (domain % bits_of_word);
  }
  return mask;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

bool is_program(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

}  // namespace

SeenFile::SeenFile(const Command& command, const std::string& path) : path_(path) {
  if (command.container == nullptr) return;
  file_ = command.container->look_at(path);
  path_ = "/proc/self/fd/" + std::to_string(file_.get());
}

std::string in_directory(const Command& command, const std::string& program) {
  return program.starts_with('/') ? program : command.directory + "/" + program;
}

base::Result<std::string> find_program(const Command& command) {
  const std::string& name = command.arguments.front();
  if (name.contains('/')) return name;
  const auto path = command.environment.find("PATH");
  const std::string folders = path == command.environment.end() ? "/usr/bin:/bin" : path->second;
  for (const auto folder : base::split(folders, ':')) {
    std::string candidate = folder.empty() ? command.directory : std::string(folder);
    if (!candidate.starts_with('/')) candidate = command.directory + "/" + candidate;
    candidate += "/" + name;
    if (is_program(SeenFile(command, candidate).path())) return candidate;
  }
  return base::fail(base::Code::not_found, "there is no program '" + base::printable(name) +
                                               "' in PATH, which is '" +
                                               base::printable(folders, 300) + "'");
}

namespace {

/// What the #! line of the file names, empty without one.
std::string interpreter_of(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::array<char, 256> start{};
  const ssize_t n_bytes = read(fd, start.data(), start.size());
  close(fd);
  std::string_view line(start.data(), n_bytes > 0 ? static_cast<std::size_t>(n_bytes) : 0);
  if (!line.starts_with("#!")) return {};
  line = base::trim(line.substr(2, line.find('\n') - 2));
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

std::unexpected<base::Error> explain_program(const Command& command, const std::string& program,
                                             int error_number) {
  const std::string path = in_directory(command, program);
  const std::string quoted = "cannot execute '" + base::printable(path, 300) + "'";
  const SeenFile seen(command, path);
  const char* file = seen.path().c_str();
  const bool exists = access(file, F_OK) == 0;
  if (error_number == ENOENT && exists) {
    return base::fail(base::Code::not_found, quoted + ": its interpreter '" +
                                                 base::printable(interpreter_of(seen.path())) +
                                                 "' does not exist; correct the first line");
  }
  if (error_number == ENOEXEC) {
    return base::fail(base::Code::invalid,
                      quoted +
                          ": it is neither a program of this machine nor a script with a "
                          "first line such as '#!/bin/sh'");
  }
  if (error_number == EACCES && exists && access(file, X_OK) != 0) {
    return base::fail(base::Code::denied, quoted + ": it is not executable; try 'chmod +x'");
  }
  return base::fail_errno(error_number, quoted);
}

std::unexpected<base::Error> explain_proof(const Command& command, const cpu_set_t& found) {
  model::CpuSet cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &found)) cpus.add(cpu);
  }
  return base::fail(base::Code::conflict,
                    "was to be bound to the hardware threads " + to_text(command.cpus) +
                        ", and found itself bound to " + to_text(cpus) +
                        "; the others are gone from the machine or its cpuset since the node's "
                        "agent started, so restart the agent");
}

std::unexpected<base::Error> explain(const Command& command, const std::string& program,
                                     const Trouble& trouble) {
  const int error_number = trouble.error_number;
  switch (trouble.stage) {
    case Stage::proof:
      return explain_proof(command, trouble.cpus);
    case Stage::directory:
      return base::fail_errno(error_number, "cannot change to the working directory '" +
                                                base::printable(command.directory, 300) + "'");
    case Stage::groups:
      return base::fail(
          base::Code::unavailable,
          base::fail_errno(error_number, "cannot enter the control groups of the launch")
              .error()
              .text);
    case Stage::container:
      return base::fail_errno(error_number, "cannot enter the container of the job");
    case Stage::affinity:
      return base::fail_errno(error_number,
                              "cannot bind to the hardware threads " + to_text(command.cpus));
    case Stage::memory:
      return base::fail_errno(
          error_number, "cannot set the memory policy " + std::string(to_text(command.mem_bind)) +
                            " for the memory domains " + to_text(command.memory) +
                            "; leave out --mem-bind, or let the node's agent use these domains");
    case Stage::none:
    case Stage::session:
    case Stage::descriptors:
      return base::fail_errno(error_number, "cannot set up the new process");
    case Stage::program:
      break;
  }
  return explain_program(command, program, error_number);
}

}  // namespace

base::Result<pid_t> start_process(const Command& command) {
  const auto program = find_program(command);
  if (!program) return std::unexpected(program.error());
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment;
  std::optional<std::size_t> numbered;
  for (const auto& [name, value] : command.environment) {
    const bool is_number = name == command.own_number;
    if (is_number) numbered = environment.size();
    environment.push_back(name + "=" + (is_number ? std::string(longest_number, '0') : value));
  }
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);

  Plan plan{.program = program->c_str(),
            .arguments = argument_pointers.data(),
            .environment = environment_pointers.data(),
            .own_number = numbered ? environment_pointers[*numbered] + command.own_number.size() + 1
                                   : nullptr,
            .directory = command.directory.c_str(),
            .descriptors = {command.input, command.output, command.error},
            .on_terminal = command.on_terminal,
            .kept = command.kept,
            .groups = &command.groups,
            .is_bound = !command.cpus.empty(),
            .parent = getpid(),
            .container = command.container};
  if (getrlimit(RLIMIT_NOFILE, &plan.files) != 0) {
    return base::fail_errno(errno, "cannot read the limit of open files");
  }
  plan.files.rlim_cur = command.most_files.value_or(plan.files.rlim_cur);
  for (const int cpu : command.cpus.members()) CPU_SET(static_cast<unsigned>(cpu), &plan.cpus);
  if (!command.memory.empty()) {
    plan.mem_bind = command.mem_bind;
    plan.memory = mask_of(command.memory);
  }

  // No handler of ours may run in the child, which shares our memory until it has its program.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Trouble trouble;
  const int dumpable = prctl(PR_GET_DUMPABLE);
  const pid_t pid = fork_and_become(plan, trouble);
  const int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // The child's new rights count for our memory, which it shared; ours are the same as before, and
  // so is who may look into it.
  if (command.container != nullptr) prctl(PR_SET_DUMPABLE, dumpable == 1 ? 1 : 0);

  if (pid < 0) return base::fail_errno(fork_error, "cannot make a new process");
  if (trouble.stage != Stage::none) {
    return explain(command, *program, trouble);
  }
  return pid;
}

}  // namespace exec
