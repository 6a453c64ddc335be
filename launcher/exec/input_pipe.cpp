#include "launcher/exec/input_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "lib/loop/fd_watch.h"
#include "lib/loop/loop.h"

namespace exec {

struct InputPipe::State {
  loop::OwnedFd reader;
  loop::OwnedFd writer;
  std::unique_ptr<loop::FdWatch> watch;  // none: closed, or the rank does not read any more
  std::string queue;
  bool ends = false;
  std::function<void()> drained;

  void flush();
  void close();
};

void InputPipe::State::close() {
  queue.clear();
  watch.reset();
  writer = loop::OwnedFd();
}

void InputPipe::State::flush() {
  while (!queue.empty()) {
    const ssize_t n_bytes = ::write(writer.get(), queue.data(), queue.size());
    if (n_bytes >= 0) {
      queue.erase(0, static_cast<std::size_t>(n_bytes));
    } else if (errno == EAGAIN) {
      watch->start();
      return;
    } else if (errno != EINTR) {
      close();  // the rank has closed its input: what it did not want is no error
    }
  }
  if (watch) watch->stop();
  if (ends) close();
  if (drained) drained();
}

void InputPipe::Delete::operator()(State* state) const noexcept {
  delete state;
}

InputPipe::InputPipe(std::unique_ptr<State, Delete> state) : state_(std::move(state)) {}

base::Result<InputPipe> InputPipe::open(loop::Loop& loop) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail_errno(errno, "cannot make a pipe");
  auto pipe = to(loop, loop::OwnedFd(ends[1]));
  pipe.state_->reader = loop::OwnedFd(ends[0]);
  return pipe;
}

InputPipe InputPipe::to(loop::Loop& loop, loop::OwnedFd fd) {
  std::unique_ptr<State, Delete> state(new State);
  state->writer = std::move(fd);
  state->watch =
      std::make_unique<loop::FdWatch>(loop, state->writer.get(), loop::FdWatch::Direction::write,
                                      [raw = state.get()] { raw->flush(); });
  return InputPipe(std::move(state));
}

int InputPipe::reader() const {
  return state_->reader.get();
}

void InputPipe::close_reader() {
  state_->reader = loop::OwnedFd();
}

void InputPipe::write(std::string_view bytes) {
  if (!state_->watch || state_->ends) return;
  state_->queue += bytes;
  state_->ends = bytes.empty();
  state_->flush();
}

std::size_t InputPipe::queued_bytes() const {
  return state_->queue.size();
}

void InputPipe::on_drained(std::function<void()> drained) {
  state_->drained = std::move(drained);
}

}  // namespace exec
