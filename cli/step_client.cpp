#include "cli/step_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <utility>

#include "cli/render/rank_map.h"
#include "cli/step_start.h"
#include "cli/terminal.h"
#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/wire/head.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration piece_interval = 50ms;
constexpr std::size_t input_block = 64 << 10;
constexpr std::size_t input_queue = 1 << 20;

/// One read of standard input, which may wait for long. Empty at its end or after an error.
std::string read_block() {
  std::string block(input_block, '\0');
  for (;;) {
    const auto n = ::read(STDIN_FILENO, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      sleep_for(10ms);  // somebody else made the descriptor non-blocking
      continue;
    }
    block.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return block;
  }
}

/// Whether standard input has nothing: closed, or /dev/null as in a batch script.
bool input_is_empty() {
  struct stat input{};
  struct stat null{};
  if (::fstat(STDIN_FILENO, &input) != 0) return true;
  return S_ISCHR(input.st_mode) && ::stat("/dev/null", &null) == 0 && input.st_rdev == null.st_rdev;
}

}  // namespace

StepClient::StepClient(loop::PatientConnector::Options head, model::ClientHello hello,
                       StepManner manner)
    : head_(std::move(head)),
      hello_(std::move(hello)),
      manner_(manner),
      lines_(manner.label ? model::Labels::rank : model::Labels::none),
      piece_timer_(loop_, [this] { show_pieces(); }),
      limit_timer_(
          loop_, [this] { end_step(model::Cause::time_limit, exit_signal_base + SIGTERM, ""); }) {}

StepClient::~StepClient() = default;

Try<model::StepResult> StepClient::run() {
  watch_signals();
  loop_.hold();
  dial();
  loop_.run();
  signals_.clear();
  connector_.reset();
  stream_.reset();
  reading_.reset();
  raw_.reset();
  return std::move(*result_);
}

void StepClient::watch_signals() {
  const auto watch = [this](int number, std::function<void()> act) {
    signals_.push_back(std::make_unique<loop::Signal>(loop_, number, std::move(act)));
  };
  for (const int number : {SIGINT, SIGTERM}) watch(number, [this, number] { interrupt(number); });
  for (const int number : {SIGUSR1, SIGUSR2, SIGCONT}) {
    watch(number, [this, number] { pass_on(number); });
  }
  if (!manner_.terminal) return watch(SIGHUP, [this] { pass_on(SIGHUP); });
  watch(SIGHUP, [this] { detach(); });
  watch(SIGWINCH, [this] {
    if (stream_) send(window_size());
  });
}

/// From here on keys are the program's.
void StepClient::use_terminal() {
  auto raw = RawTerminal::open();
  if (!raw) return finish(refuse(raw.error()));
  raw_.emplace(std::move(*raw));
  send(window_size());
  read_input();
}

/// The head answers when it has let this client go.
void StepClient::detach() {
  if (!stream_) {
    RawTerminal::restore();
    ::_exit(exit_refused);
  }
  if (!std::exchange(is_leaving_, true)) send(model::Detach{});
}

void StepClient::dial() {
  connector_ = std::make_unique<loop::PatientConnector>(
      loop_, std::move(head_), [this](base::Result<loop::Stream> stream) {
        if (stream) {
          connected(std::move(*stream));
        } else {
          finish(refuse(stream.error().in("cannot reach the first launcher of the step")));
        }
      });
}

void StepClient::connected(loop::Stream stream) {
  stream_ = std::make_unique<loop::FrameStream>(std::move(stream));
  stream_->on_frame([this](const std::string& frame) { take(frame); });
  stream_->on_end([this](const base::Result<void>& how) {
    finish(refuse("the step's first launcher is gone before the step ended" +
                  (how ? std::string() : ": " + how.error().text)));
  });
  stream_->on_drained([this] {
    if (std::exchange(input_waits_, false)) read_input();
  });
  send(hello_);
  if (manner_.time_limit) limit_timer_.start(*manner_.time_limit);
  if (manner_.terminal) return use_terminal();
  start_input();
}

void StepClient::take(const std::string& frame) {
  const auto message = wire::decode_head(frame);
  if (!message) return finish(refuse(message.error().in("from the step's first launcher")));
  std::visit(base::Overloaded{[&](const model::RankOutput& output) { show(output); },
                              [&](const model::RankPlaced& placed) { place(placed); },
                              [&](const model::StepNote& note) { tell(note.text); },
                              [&](const model::StepResult& result) { finish(result); },
                              [&](const model::Detach&) {
                                is_detached_ = true;
                                finish(model::StepResult());
                              },
                              [](const auto&) {}},
             *message);
}

void StepClient::show(const model::RankOutput& output) {
  if (manner_.terminal) return write_out(output.stream, output.bytes);
  write_out(output.stream, lines_.take(output.rank, output.stream, output.bytes));
  if (lines_.holds_pieces() && !piece_timer_.is_running()) piece_timer_.start(piece_interval);
}

/// A line that is not complete after one to two intervals is a prompt, or a progress bar.
void StepClient::show_pieces() {
  for (const auto stream : {model::OutputStream::out, model::OutputStream::err}) {
    write_out(stream, lines_.take_overdue(stream));
  }
  if (lines_.holds_pieces()) piece_timer_.start(piece_interval);
}

void StepClient::write_out(model::OutputStream stream, std::string_view text) {
  const int fd = stream == model::OutputStream::out ? STDOUT_FILENO : STDERR_FILENO;
  if (write_all(fd, text) || is_ending_ || result_) return;
  if (manner_.terminal) return detach();  // it is gone, the step need not be
  // As a program in a pipeline the step ends when nobody reads it any more; and when the disk is
  // full, for its work would be lost unseen.
  end_step(model::Cause::cancelled, errno == EPIPE ? SIGPIPE : SIGTERM,
           base::fail_errno(errno, "cannot write the output").error().text);
}

void StepClient::place(const model::RankPlaced& placed) {
  if (manner_.map) map_.push_back(placed);
  if (manner_.report_bindings) {
    write_out(model::OutputStream::out, render::binding_line(placed) + "\n");
  }
}

void StepClient::tell(std::string_view lines) {
  std::string text;
  for (const auto line : base::split(lines, '\n')) {
    if (!line.empty()) text += fmt::format("muster run: {}\n", line);
  }
  write_out(model::OutputStream::err, text);
}

void StepClient::finish(Try<model::StepResult> result) {
  if (result_) return;
  for (const auto stream : {model::OutputStream::out, model::OutputStream::err}) {
    write_out(stream, lines_.finish(stream));
  }
  if (manner_.map && result && !result->failure) {
    write_out(model::OutputStream::out, render::rank_map(std::move(map_)));
  }
  // Who was interrupted says so, whatever the ranks made of it.
  if (result && interrupted_by_ != 0) result->exit_code = exit_signal_base + interrupted_by_;
  result_ = std::move(result);
  loop_.stop();
}

void StepClient::interrupt(int number) {
  if (interrupted_by_ != 0 || !stream_) {
    RawTerminal::restore();
    ::_exit(exit_signal_base + number);
  }
  interrupted_by_ = number;
  end_step(model::Cause::cancelled, number,
           fmt::format("muster run got SIG{}", ::sigabbrev_np(number)));
}

void StepClient::end_step(model::Cause cause, int code, std::string why) {
  if (std::exchange(is_ending_, true)) return;
  send(model::EndStep{{.cause = cause,
                       .code = code,
                       .step = hello_.key.step,
                       .rank = std::nullopt,
                       .node = "",
                       .text = std::move(why)}});
}

void StepClient::pass_on(int number) {
  if (stream_) send(model::StepSignal{number});
}

void StepClient::send(const model::HeadMessage& message) {
  const auto sent = stream_->send(wire::encode(message));
  if (!sent) finish(refuse(sent.error().in("to the step's first launcher")));
}

void StepClient::start_input() {
  if (manner_.no_stdin || manner_.map || input_is_empty()) {
    send(model::RankInput{});
  } else {
    read_input();
  }
}

void StepClient::read_input() {
  reading_ = std::make_unique<loop::Work>(loop::in_background(
      loop_, read_block, [this](const std::string& bytes) { pass_input(bytes); }));
}

void StepClient::pass_input(const std::string& bytes) {
  if (result_) return;
  if (manner_.terminal) {
    const auto typed = keys_.take(bytes);
    if (!typed.bytes.empty()) send(model::RankInput{typed.bytes});
    if (bytes.empty() || typed.leaves) return detach();
  } else {
    send(model::RankInput{bytes});
    if (bytes.empty()) return;
  }
  input_waits_ = stream_->queued_bytes() > input_queue;
  if (!input_waits_) read_input();
}

namespace {

[[noreturn]] void leave(int exit_code) {
  ::_exit(finish_output(exit_code));
}

}  // namespace

Outcome follow_step(const wire::StepReply& reply, std::string_view who, StepManner manner) {
  auto head = way_to_head(reply);
  if (!head) return refuse(head.error());
  StepClient client(std::move(*head), {key_of(reply), reply.secret}, manner);
  const auto result = client.run();
  if (!result) {
    print_error(fmt::format("{}: {}\n", who, result.error().text));
    leave(result.error().exit_code);
  }
  if (client.is_detached()) {
    const auto step = fmt::format("{}.{}", to_text(reply.job), to_text(reply.step));
    print_error(
        fmt::format("\n{}: detached from step {}; back with: muster attach {}\n", who, step, step));
    leave(exit_done);
  }
  if (result->failure) {
    print_error(fmt::format("{}: {}\n", who, model::describe(*result->failure)));
    leave(result->exit_code != exit_done ? result->exit_code : exit_refused);
  }
  leave(result->exit_code);
}

}  // namespace cli
