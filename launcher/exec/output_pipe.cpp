#include "launcher/exec/output_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "lib/loop/loop.h"

namespace exec {

namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10;

}  // namespace

struct OutputPipe::Reader {
  loop::OwnedFd fd;
  Take take;
  std::unique_ptr<loop::FdWatch> watch;

  /// False when nothing more can be read now; then the watch ends with the stream.
  bool read_piece();
};

bool OutputPipe::Reader::read_piece() {
  static std::array<char, piece_bytes> piece;
  for (;;) {
    const ssize_t n_bytes = read(fd.get(), piece.data(), piece.size());
    if (n_bytes > 0) {
      take(std::string_view(piece.data(), static_cast<std::size_t>(n_bytes)));
      return true;
    }
    if (n_bytes < 0 && errno == EINTR) continue;
    if (n_bytes == 0 || errno != EAGAIN) watch.reset();
    return false;
  }
}

void OutputPipe::Delete::operator()(Reader* reader) const noexcept {
  delete reader;
}

OutputPipe::OutputPipe(std::unique_ptr<Reader> reader, loop::OwnedFd writer)
    : reader_(reader.release()), writer_(std::move(writer)) {}

base::Result<OutputPipe> OutputPipe::open(loop::Loop& loop, Take take) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail_errno(errno, "cannot make a pipe");
  auto pipe = from(loop, loop::OwnedFd(ends[0]), std::move(take));
  pipe.writer_ = loop::OwnedFd(ends[1]);
  return pipe;
}

OutputPipe OutputPipe::from(loop::Loop& loop, loop::OwnedFd fd, Take take) {
  auto reader = std::make_unique<Reader>();
  reader->fd = std::move(fd);
  reader->take = std::move(take);
  reader->watch = std::make_unique<loop::FdWatch>(
      loop, reader->fd.get(), loop::FdWatch::Direction::read,
      [state = reader.get()] { (void)state->read_piece(); });  // the next turn reads on
  reader->watch->start();
  return OutputPipe(std::move(reader), {});
}

bool OutputPipe::has_ended() const {
  return !reader_->watch;
}

void OutputPipe::pause() {
  if (reader_->watch) reader_->watch->stop();
}

void OutputPipe::resume() {
  if (reader_->watch) reader_->watch->start();
}

void OutputPipe::drain() {
  while (reader_->watch && reader_->read_piece()) {
  }
}

}  // namespace exec
