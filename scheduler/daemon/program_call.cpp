#include "scheduler/daemon/program_call.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/spawn.h"

namespace musterd {

namespace {

constexpr base::Duration term_time = std::chrono::seconds(2);  // from TERM to KILL
constexpr std::size_t longest_line = std::size_t{64} << 10;
constexpr std::size_t most_bytes = std::size_t{16} << 20;
constexpr std::size_t most_lines = 20000;
constexpr std::size_t read_bytes = std::size_t{16} << 10;
constexpr std::size_t words_kept = 3;
constexpr std::size_t longest_word = 200;

struct Pipe {
  loop::OwnedFd read;
  loop::OwnedFd write;
};

base::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail_errno(errno, "cannot make a pipe");
  return Pipe{loop::OwnedFd(ends[0]), loop::OwnedFd(ends[1])};
}

/// A file in memory, so that nothing of it is ever on a disk or waits to be read.
base::Result<loop::OwnedFd> file_with(std::string_view text) {
  loop::OwnedFd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) return base::fail_errno(errno, "cannot make a file in memory");
  while (!text.empty()) {
    const auto n = ::write(file.get(), text.data(), text.size());
    if (n < 0) return base::fail_errno(errno, "cannot write to a file in memory");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0)
    return base::fail_errno(errno, "cannot go back in a file in memory");
  return file;
}

std::vector<std::string> own_variables() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

}  // namespace

base::Result<std::unique_ptr<ProgramCall>> ProgramCall::start(loop::Loop& loop, Options options,
                                                              Events events) {
  std::unique_ptr<ProgramCall> call(new ProgramCall(loop, std::move(options), std::move(events)));
  if (auto spawned = call->spawn(loop); !spawned) return std::unexpected(spawned.error());
  return call;
}

ProgramCall::ProgramCall(loop::Loop& loop, Options options, Events events)
    : options_(std::move(options)),
      events_(std::move(events)),
      timer_(loop, [this] { is_overdue(); }) {
  const auto& program = options_.words.front();
  name_ = program.substr(program.rfind('/') + 1) + " " + options_.words.back();
}

ProgramCall::~ProgramCall() = default;

base::Result<void> ProgramCall::spawn(loop::Loop& loop) {
  auto output = make_pipe();
  if (!output) return std::unexpected(output.error());
  auto error = make_pipe();
  if (!error) return std::unexpected(error.error());
  loop::OwnedFd input;
  if (options_.input) {
    auto file = file_with(*options_.input);
    if (!file) return std::unexpected(file.error());
    input = *std::move(file);
  } else {
    auto held = make_pipe();
    if (!held) return std::unexpected(held.error());
    input = std::move(held->read);
    input_ = std::move(held->write);
  }
  const loop::SpawnOptions how{.program = options_.words.front(),
                               .arguments = options_.words,
                               .environment = own_variables(),
                               .directory = "/",
                               .input = loop::Descriptor{input.get()},
                               .output = loop::Descriptor{output->write.get()},
                               .error = loop::Descriptor{error->write.get()},
                               .new_session = true};
  auto process =
      loop::Process::spawn(loop, how, [this](const loop::ExitStatus& status) { ended(status); });
  if (!process) return std::unexpected(process.error());
  process_ = *std::move(process);
  output_ = std::move(output->read);
  error_ = std::move(error->read);
  const auto watch = [&loop](std::optional<loop::FdWatch>& slot, int fd, auto on_ready) {
    slot.emplace(loop, fd, loop::FdWatch::Direction::read, std::move(on_ready));
    slot->start();
  };
  watch(watch_output_, output_.get(), [this] { read(output_.get(), output_lines_, events_.said); });
  watch(watch_error_, error_.get(), [this] {
    read(error_.get(), error_lines_, [this](std::string_view line) { remember(line); });
  });
  if (options_.limit > base::Duration()) timer_.start(options_.limit);
  return {};
}

/// All that is there to be read now.
void ProgramCall::read(int fd, Lines& lines, const std::function<void(std::string_view)>& take) {
  std::array<char, read_bytes> buffer{};
  for (std::size_t n_reads = 0; n_reads <= most_bytes / read_bytes; ++n_reads) {
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) (fd == output_.get() ? watch_output_ : watch_error_)->stop();
    if (n <= 0) return;
    lines.n_bytes += static_cast<std::size_t>(n);
    lines.rest.append(buffer.data(), static_cast<std::size_t>(n));
    cut(lines, take);
    check_length(lines);
  }
}

/// Lines beyond the limit are not looked at.
void ProgramCall::cut(Lines& lines, const std::function<void(std::string_view)>& take) {
  std::size_t begin = 0;
  for (auto end = lines.rest.find('\n'); end != lines.rest.npos;
       end = lines.rest.find('\n', begin)) {
    ++lines.n_lines;
    const bool is_too_many = options_.input && lines.n_lines > most_lines;
    if (!is_too_many) take_line(std::string_view(lines.rest).substr(begin, end - begin), take);
    begin = end + 1;
  }
  lines.rest.erase(0, begin);
}

void ProgramCall::check_length(Lines& lines) {
  if (lines.rest.size() > longest_line) {
    lines.rest.clear();
    stop("printed a line of more than 64 KiB");
  } else if (options_.input && lines.n_bytes > most_bytes) {
    lines.rest.clear();
    stop("printed more than 16 MiB");
  } else if (options_.input && lines.n_lines > most_lines) {
    stop("printed more than " + std::to_string(most_lines) + " lines");
  }
}

void ProgramCall::take_line(std::string_view line,
                            const std::function<void(std::string_view)>& take) {
  std::string text(base::trim(line));
  for (const auto& secret : options_.secrets) {
    for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "***");
  }
  if (!text.empty()) take(text);
}

void ProgramCall::remember(std::string_view line) {
  last_words_.push_back(base::printable(line, longest_word));
  if (last_words_.size() > words_kept) last_words_.erase(last_words_.begin());
  events_.complained(line);
}

void ProgramCall::goes_on() {
  if (why_stopped_.empty() && options_.limit > base::Duration()) timer_.start(options_.limit);
}

void ProgramCall::is_overdue() {
  if (why_stopped_.empty()) return stop("did not end within " + base::to_text(options_.limit));
  if (process_ && process_->is_running()) (void)process_->signal_group(SIGKILL);
  timer_.start(term_time);
}

void ProgramCall::stop(const std::string& why) {
  if (!why_stopped_.empty()) return;
  why_stopped_ = why;
  if (process_ && process_->is_running()) (void)process_->signal_group(SIGTERM);
  timer_.start(term_time);
}

/// What it left in the pipes. Others may hold them open: nobody waits for those.
void ProgramCall::drain() {
  read(output_.get(), output_lines_, events_.said);
  read(error_.get(), error_lines_, [this](std::string_view line) { remember(line); });
  take_line(std::exchange(output_lines_.rest, {}), events_.said);
  take_line(std::exchange(error_lines_.rest, {}),
            [this](std::string_view line) { remember(line); });
  watch_output_.reset();
  watch_error_.reset();
}

void ProgramCall::ended(const loop::ExitStatus& status) {
  // What it started and did not end with it on TERM.
  if (!why_stopped_.empty()) (void)::killpg(process_->pid(), SIGKILL);
  timer_.stop();
  drain();
  timer_.stop();
  const auto tell = events_.ended;
  tell({.code = status.code, .signal = status.signal, .why = describe(status)});
}

std::string ProgramCall::describe(const loop::ExitStatus& status) const {
  std::string text = "'" + name_ + "' ";
  if (!why_stopped_.empty()) {
    text += why_stopped_;
  } else if (status.signal != 0) {
    text += "ended by signal " + std::to_string(status.signal);
  } else if (status.code != 0) {
    text += "ended with exit status " + std::to_string(status.code);
  } else {
    return {};
  }
  return last_words_.empty() ? text : text + ": " + base::join(last_words_, "; ");
}

base::Result<std::string> provider_program(const std::string& word) {
  if (word.contains('/')) return word;
  std::string path(4096, '\0');
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  if (n < 0) return base::fail_errno(errno, "cannot read '/proc/self/exe'");
  path.resize(static_cast<std::size_t>(n));
  path.resize(path.rfind('/'));  // the folder of programs
  path = path.substr(0, path.rfind('/')) + "/libexec/muster/providers/" + word;
  if (::access(path.c_str(), X_OK) == 0) return path;
  return base::fail_errno(errno, "cannot run the provider '" + base::printable(word) +
                                     "' that comes with Muster, '" + path +
                                     "'; one of your own is named with a slash");
}

}  // namespace musterd
