#include "cli/raw_terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace cli {

namespace {

/// One process has one terminal.
std::optional<termios>& before() {
  static std::optional<termios> settings;
  return settings;
}

}  // namespace

bool is_on_terminal() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

model::WindowSize window_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {.rows = size.ws_row, .columns = size.ws_col};
}

base::Result<RawTerminal> RawTerminal::open() {
  termios settings{};
  if (::tcgetattr(STDIN_FILENO, &settings) != 0) {
    return base::fail_errno(errno, "cannot read the settings of the terminal");
  }
  termios raw = settings;
  ::cfmakeraw(&raw);
  if (::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
    return base::fail_errno(errno, "cannot change the settings of the terminal");
  }
  before() = settings;
  return RawTerminal();
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : is_owner_(std::exchange(other.is_owner_, false)) {}

RawTerminal::~RawTerminal() {
  if (is_owner_) restore();
}

void RawTerminal::restore() {
  if (!before()) return;
  // A terminal that is gone needs no settings.
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before());
  before().reset();
}

}  // namespace cli
