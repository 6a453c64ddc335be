#include "launcher/exec/pseudo_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace exec {

namespace {

winsize to_winsize(const model::WindowSize& size) {
  winsize result{};
  result.ws_row = static_cast<unsigned short>(size.rows);
  result.ws_col = static_cast<unsigned short>(size.columns);
  return result;
}

}  // namespace

PseudoTerminal::PseudoTerminal(loop::OwnedFd screen, loop::OwnedFd line)
    : screen_(std::move(screen)), line_(std::move(line)) {}

base::Result<PseudoTerminal> PseudoTerminal::open(const model::WindowSize& size) {
  loop::OwnedFd screen(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!screen || grantpt(screen.get()) != 0 || unlockpt(screen.get()) != 0) {
    return base::fail_errno(errno, "cannot make a pseudo-terminal");
  }
  // Not by its name: /dev/pts may be that of another namespace.
  loop::OwnedFd line(ioctl(screen.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  const winsize window = to_winsize(size);
  if (!line || ioctl(screen.get(), TIOCSWINSZ, &window) != 0) {
    return base::fail_errno(errno, "cannot open a pseudo-terminal");
  }
  return PseudoTerminal(std::move(screen), std::move(line));
}

base::Result<loop::OwnedFd> PseudoTerminal::screen() const {
  loop::OwnedFd copy(fcntl(screen_.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return base::fail_errno(errno, "cannot use a pseudo-terminal");
  return copy;
}

void PseudoTerminal::resize(const model::WindowSize& size) const {
  const winsize window = to_winsize(size);
  winsize before{};
  const bool is_same = ioctl(screen_.get(), TIOCGWINSZ, &before) == 0 &&
                       before.ws_row == window.ws_row && before.ws_col == window.ws_col;
  // What it came to nobody can use: the program that would hear of it may be gone.
  (void)ioctl(screen_.get(), TIOCSWINSZ, &window);
  if (is_same) (void)ioctl(screen_.get(), TIOCSIG, SIGWINCH);
}

}  // namespace exec
