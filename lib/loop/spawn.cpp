#include "lib/loop/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/owned_fd.h"

namespace loop {

namespace {

/// The attributes and file actions of one posix_spawn.
class Plan {
 public:
  Plan() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
  }
  ~Plan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  base::Result<void> set_files(const SpawnOptions& options);
  void set_attributes(const SpawnOptions& options);
  int start(const SpawnOptions& options, pid_t& pid) const;

 private:
  base::Result<int> source(const ChildFile& file, int target);
  base::Result<int> open_file(const std::string& path, int flags);
  base::Result<void> place(int fd, int target, int n_targets);

  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
  std::vector<OwnedFd> opened_;
  int output_ = -1;
};

base::Result<int> Plan::open_file(const std::string& path, int flags) {
  OwnedFd file(open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666));
  if (!file) {
    return base::fail_errno(errno, "cannot open '" + base::printable(path, 4096) + "'");
  }
  opened_.push_back(std::move(file));
  return opened_.back().get();
}

/// The descriptor of this process that becomes `target` in the child.
base::Result<int> Plan::source(const ChildFile& file, int target) {
  using Fd = base::Result<int>;
  return std::visit(base::Overloaded{
                        [this](NullFile) { return open_file("/dev/null", O_RDWR); },
                        [target](SameAsParent) -> Fd { return target; },
                        [this](const InputFile& input) { return open_file(input.path, O_RDONLY); },
                        [this](const OutputFile& output) {
                          const int how = output.append ? O_APPEND : O_TRUNC;
                          return open_file(output.path, O_WRONLY | O_CREAT | how);
                        },
                        [](const Descriptor& open) -> Fd { return open.fd; },
                        [this](SameAsOutput) -> Fd { return output_; },
                    },
                    file);
}

/// Puts `fd` at number `target`. One that lies among the targets would be overwritten: it moves
/// first.
base::Result<void> Plan::place(int fd, int target, int n_targets) {
  if (fd < n_targets && fd != target) {
    OwnedFd moved(fcntl(fd, F_DUPFD_CLOEXEC, n_targets));
    if (!moved) {
      return base::fail_errno(errno, "cannot pass descriptor " + std::to_string(fd) + " on");
    }
    fd = moved.get();
    opened_.push_back(std::move(moved));
  }
  posix_spawn_file_actions_adddup2(&actions_, fd, target);
  return {};
}

base::Result<void> Plan::set_files(const SpawnOptions& options) {
  const int n_targets = 3 + static_cast<int>(options.extra_fds.size());
  const std::array files{&options.input, &options.output, &options.error};
  for (int target = 0; target < n_targets; ++target) {
    const auto index = static_cast<std::size_t>(target);
    const auto fd = index < files.size()
                        ? source(*files[index], target)
                        : base::Result<int>(options.extra_fds[index - files.size()]);
    if (!fd) {
      return std::unexpected(fd.error());
    }
    output_ = target == STDOUT_FILENO ? *fd : output_;
    if (const auto placed = place(*fd, target, n_targets); !placed) {
      return placed;
    }
  }
  posix_spawn_file_actions_addclosefrom_np(&actions_, n_targets);
  if (!options.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions_, options.directory.c_str());
  }
  return {};
}

void Plan::set_attributes(const SpawnOptions& options) {
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes_, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes_, &signals);
  int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (options.new_session) {
    flags |= POSIX_SPAWN_SETSID;
  }
  posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const auto& text : texts) {
    list.push_back(const_cast<char*>(text.c_str()));  // posix_spawn's type; it does not write there
  }
  list.push_back(nullptr);
  return list;
}

int Plan::start(const SpawnOptions& options, pid_t& pid) const {
  const std::vector<std::string> only_name{options.program};
  const auto arguments = pointers(options.arguments.empty() ? only_name : options.arguments);
  const auto environment = pointers(options.environment);
  return posix_spawn(&pid, options.program.c_str(), &actions_, &attributes_, arguments.data(),
                     environment.data());
}

/// Binds this thread while it lives: a child starts with its parent's binding.
class Binding {
 public:
  base::Result<void> bind(const std::vector<int>& cores) {
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    for (const int core : cores) {
      if (core < 0 || core >= CPU_SETSIZE) {
        return base::fail(base::Code::invalid, "there is no core " + std::to_string(core));
      }
      CPU_SET(static_cast<std::size_t>(core), &wanted);
    }
    if (sched_getaffinity(0, sizeof(before_), &before_) != 0 ||
        sched_setaffinity(0, sizeof(wanted), &wanted) != 0) {
      return base::fail_errno(errno, "cannot bind to " + base::plural(std::ssize(cores), "core"));
    }
    is_bound_ = true;
    return {};
  }
  ~Binding() {
    if (is_bound_) {
      sched_setaffinity(0, sizeof(before_), &before_);
    }
  }

 private:
  cpu_set_t before_{};
  bool is_bound_ = false;
};

/// posix_spawn gives one number for all that can go wrong: finds out which file it was about.
std::unexpected<base::Error> explain(const SpawnOptions& options, int error_number) {
  if (!options.directory.empty() && access(options.directory.c_str(), X_OK) != 0) {
    return base::fail_errno(errno, "cannot enter the folder '" + options.directory + "'");
  }
  const std::string what = "cannot run '" + base::printable(options.program, 4096) + "'";
  switch (error_number) {
    case ENOENT:
      if (access(options.program.c_str(), F_OK) == 0) {
        return base::fail(base::Code::not_found,
                          what + ": the interpreter named in its first line does not exist");
      }
      return base::fail_errno(error_number, what);
    case ENOEXEC:
      return base::fail(base::Code::invalid,
                        what + ": it is neither a program nor a script that begins with #!");
    case EAGAIN:
      return base::fail(base::Code::exhausted, what + ": the limit of processes is reached");
    case E2BIG:
      return base::fail(base::Code::invalid, what + ": arguments and environment are too long");
    default:
      return base::fail_errno(error_number, what);
  }
}

}  // namespace

base::Result<pid_t> spawn_process(const SpawnOptions& options) {
  Plan plan;
  if (const auto files = plan.set_files(options); !files) {
    return std::unexpected(files.error());
  }
  plan.set_attributes(options);
  Binding binding;
  if (!options.cores.empty()) {
    if (const auto bound = binding.bind(options.cores); !bound) {
      return std::unexpected(bound.error());
    }
  }
  pid_t pid = 0;
  if (const int error_number = plan.start(options, pid); error_number != 0) {
    return explain(options, error_number);
  }
  return pid;
}

}  // namespace loop
