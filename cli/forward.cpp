// forward: ports of this machine that lead to programs in a running job.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/api.h"
#include "cli/inside.h"
#include "cli/step_start.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/loop.h"
#include "lib/loop/signal.h"
#include "lib/loop/tunnel.h"
#include "lib/model/head_message.h"
#include "lib/wire/head.h"

namespace cli {

namespace {

constexpr std::array forward_table{dir_option, help_option};

constexpr const char* own_host = "127.0.0.1";
constexpr int last_port = 65535;

struct Way {
  std::uint16_t local = 0;  // 0: any that is free
  std::uint16_t port = 0;
};

/// "6006" or "8080:6006".
Try<Way> way_from_text(const std::string& text) {
  const auto wrong = [&text] {
    return misuse(
        fmt::format("expected a port such as 6006, or 8080:6006 for port 8080 here, found '{}'",
                    base::printable(text)));
  };
  const auto colon = text.find(':');
  const bool is_pair = colon != std::string::npos;
  const auto port = base::parse_int(is_pair ? text.substr(colon + 1) : text, 1, last_port);
  if (!port) return wrong();
  const auto local = is_pair ? base::parse_int(text.substr(0, colon), 0, last_port) : port;
  if (!local) return wrong();
  return Way{static_cast<std::uint16_t>(*local), static_cast<std::uint16_t>(*port)};
}

/// Listens here; every connection becomes one to the step's head, which passes it on.
class Forwarder {
 public:
  explicit Forwarder(std::string who) : who_(std::move(who)) {}

  /// Of each, before there is a step.
  Try<void> listen(const Way& way) {
    auto listener = loop::Listener::open(
        loop_, loop::TcpAddress{.host = own_host, .port = way.local}, {},
        [this, port = way.port](loop::Stream stream) { accept(std::move(stream), port); });
    if (!listener) {
      return refuse(listener.error().in(fmt::format(
          "cannot listen at port {} here (0:{} takes any that is free)", way.local, way.port)));
    }
    listeners_.push_back({way.port, std::move(*listener)});
    return {};
  }

  /// Until the job ends, or this is interrupted.
  Try<model::StepResult> run(const wire::StepReply& reply,
                             const loop::PatientConnector::Options& head) {
    key_ = key_of(reply);
    secret_ = reply.secret;
    head_ = head;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      signals_.push_back(std::make_unique<loop::Signal>(loop_, number, [this] { leave(); }));
    }
    connector_ = std::make_unique<loop::PatientConnector>(
        loop_, head, [this](base::Result<loop::Stream> stream) {
          if (stream) return begin(std::move(*stream));
          finish(refuse(stream.error().in("cannot reach the launcher in the job")));
        });
    loop_.run();
    return std::move(*result_);
  }

 private:
  /// A connection to this machine that has not come through yet.
  struct Caller {
    std::optional<loop::Stream> stream;
    std::unique_ptr<loop::PatientConnector> connector;
    std::optional<loop::FrameStream> framed;
    std::unique_ptr<loop::Tunnel> tunnel;
  };

  void begin(loop::Stream stream) {
    control_.emplace(std::move(stream));
    control_->on_frame([this](const std::string& frame) { take(frame); });
    control_->on_end(
        [this](const base::Result<void>&) { finish(refuse("the launcher in the job is gone")); });
    (void)control_->send(wire::encode(model::HeadMessage(model::ClientHello{key_, secret_})));
    for (const auto& [port, listener] : listeners_) {
      print_error(fmt::format("muster forward: {} leads to port {} of {}; Ctrl-C ends it\n",
                              to_text(listener.address()).substr(4), port, who_));
    }
  }

  void take(const std::string& frame) {
    auto message = wire::decode_head(frame);
    if (!message) return finish(refuse(message.error().in("from the launcher in the job")));
    if (auto* result = std::get_if<model::StepResult>(&*message)) finish(std::move(*result));
  }

  void accept(loop::Stream stream, std::uint16_t port) {
    const int number = next_++;
    auto& caller = callers_[number];
    caller.stream.emplace(std::move(stream));
    caller.connector = std::make_unique<loop::PatientConnector>(
        loop_, head_, [this, number, port](base::Result<loop::Stream> head) {
          if (head) return ask(number, port, std::move(*head));
          drop(number, head.error().text);
        });
  }

  void ask(int number, std::uint16_t port, loop::Stream head) {
    auto& framed = callers_.at(number).framed.emplace(std::move(head));
    framed.on_end([this, number](const base::Result<void>&) {
      drop(number, "the launcher in the job closed the connection");
    });
    framed.on_frame([this, number](const std::string& frame) { answered(number, frame); });
    (void)framed.send(wire::encode(model::HeadMessage(model::PortHello{key_, secret_, port})));
  }

  void answered(int number, const std::string& frame) {
    const auto message = wire::decode_head(frame);
    const auto* reply = message ? std::get_if<model::PortReply>(&*message) : nullptr;
    if (reply == nullptr) return drop(number, "the launcher in the job answered nonsense");
    if (!reply->why_not.empty()) return drop(number, reply->why_not);
    auto& caller = callers_.at(number);
    caller.framed->pause_reading();
    caller.tunnel =
        std::make_unique<loop::Tunnel>(std::move(*caller.stream), *std::exchange(caller.framed, {}),
                                       [this, number] { callers_.erase(number); });
    caller.tunnel->start();
  }

  void drop(int number, const std::string& why) {
    print_error(fmt::format("muster forward: {}\n", why));
    callers_.erase(number);
  }

  /// The step's program sees the end of its input.
  void leave() {
    if (!control_ || std::exchange(is_leaving_, true)) return finish(model::StepResult());
    (void)control_->send(wire::encode(model::HeadMessage(model::RankInput())));
  }

  void finish(Try<model::StepResult> result) {
    if (!result_) result_ = std::move(result);
    loop_.stop();
  }

  loop::Loop loop_;
  std::string who_;
  model::LaunchKey key_{model::JobId(0)};
  std::string secret_;
  loop::PatientConnector::Options head_;
  std::vector<std::pair<std::uint16_t, loop::Listener>> listeners_;
  std::vector<std::unique_ptr<loop::Signal>> signals_;
  std::unique_ptr<loop::PatientConnector> connector_;
  std::optional<loop::FrameStream> control_;
  std::map<int, Caller> callers_;
  int next_ = 0;
  bool is_leaving_ = false;
  std::optional<Try<model::StepResult>> result_;
};

Outcome forward(const options::Parsed& line) {
  if (line.rest.size() < 2) return misuse("expected a job and ports, such as 17 6006");
  std::vector<Way> ways;
  for (auto word = line.rest.begin() + 1; word != line.rest.end(); ++word) {
    const auto way = way_from_text(*word);
    if (!way) return std::unexpected(way.error());
    ways.push_back(*way);
  }
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto where = inside_place(*api, line.rest.front());
  if (!where) return std::unexpected(where.error());
  Forwarder forwarder("job " + line.rest.front());
  for (const auto& way : ways) {
    if (const auto listens = forwarder.listen(way); !listens)
      return std::unexpected(listens.error());
  }
  // It lives until its input ends, and is ended with the job.
  const auto reply = start_inside(*api, *where, {.arguments = {"/bin/cat"}, .work_dir = "/"});
  if (!reply) return std::unexpected(reply.error());
  const auto head = way_to_head(*reply);
  if (!head) return refuse(head.error());
  const auto result = forwarder.run(*reply, *head);
  if (!result) return std::unexpected(result.error());
  if (result->failure) return refuse(model::describe(*result->failure));
  return exit_done;
}

}  // namespace

constinit const Verb forward_verb{
    "forward",
    "[OPTIONS] JOB[.NODE]|last [HERE:]PORT...",
    "Reach a port of a running job from here.",
    "Listens at port HERE of this machine (127.0.0.1; PORT itself if left out, any free one if 0) "
    "and "
    "passes each connection on to PORT of the job's first node, or of the one that is named: a "
    "TensorBoard, a notebook, a debugger. The program may listen on loopback only.\n"
    "It counts as a step of the job, and ends with it or with Ctrl-C. Other users of this machine "
    "reach the port too, as with ssh -L.",
    [] { return std::span<const options::Option>(forward_table); },
    options::Operands::anywhere,
    forward};

}  // namespace cli
