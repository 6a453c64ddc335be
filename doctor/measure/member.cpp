#include "doctor/measure/member.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "doctor/measure/gpus.h"
#include "doctor/measure/node.h"
#include "doctor/measure/ring.h"
#include "doctor/measure/start_up.h"
#include "lib/base/text.h"
#include "lib/wire/doctor.h"

namespace doctor {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration meeting_limit = 20s;
constexpr base::Duration link_limit = 5s;
constexpr base::Duration line_limit = 5s;
constexpr base::Duration stranger_limit = 1s;  // who connects and is none of us says nothing

std::string failed(const base::Error& error) {
  return "failed " + error.text;
}

class Member {
 public:
  Member(const Seat& seat, Link conductor, loop::OwnedFd listener)
      : seat_(seat), conductor_(std::move(conductor)), listener_(std::move(listener)) {}

  base::Result<void> run();

 private:
  base::Result<void> wait();
  void accept();
  void serve_before();
  base::Result<void> take_orders();
  std::string answer_to(std::string_view order);
  std::string link_to(const std::vector<std::string_view>& words);
  std::string measure_next() const;
  std::string sum(const std::vector<std::string_view>& words) const;

  const Seat& seat_;
  Link conductor_;
  loop::OwnedFd listener_;
  Link next_;
  Link before_;
  bool is_serving_ = true;  // what comes from the rank before is for serve()
  bool has_ended_ = false;
};

base::Result<void> Member::run() {
  while (!has_ended_) {
    if (auto done = wait(); !done) return done;
  }
  return {};
}

base::Result<void> Member::wait() {
  std::array<pollfd, 3> watched{
      {{.fd = listener_.get(), .events = POLLIN},
       {.fd = is_serving_ && before_ ? before_.fd() : -1, .events = POLLIN},
       {.fd = conductor_.fd(), .events = POLLIN}}};
  if (poll(watched.data(), watched.size(), -1) < 0) {
    if (errno == EINTR) return {};
    return base::fail_errno(errno, "cannot wait for connections");
  }
  if (watched[0].revents != 0) accept();
  if (watched[1].revents != 0) serve_before();
  if (watched[2].revents != 0) return take_orders();
  return {};
}

/// Only a rank of this step knows the line.
void Member::accept() {
  auto link = accept_from(listener_, Deadline(line_limit));
  if (!link) return;
  const auto expected = ring_line(seat_.token);
  std::string come(expected.size(), '\0');
  if (link->receive(come, Deadline(stranger_limit)) && come == expected) before_ = *std::move(link);
}

void Member::serve_before() {
  if (!serve(before_)) before_ = Link();
}

base::Result<void> Member::take_orders() {
  do {
    const auto order = conductor_.read_line(Deadline(line_limit));
    if (!order) return std::unexpected(order.error());
    has_ended_ = *order == "end";
    if (has_ended_) return {};
    auto sent = conductor_.send_line(answer_to(*order), Deadline(line_limit));
    if (!sent) return sent;
  } while (conductor_.has_line());
  return {};
}

std::string Member::answer_to(std::string_view order) {
  const auto words = base::split(order, ' ');
  if (words.front() == "facts") return wire::to_json(facts_of_node());
  if (words.front() == "clock") return std::to_string(base::to_us(loop::now()));
  if (words.front() == "link") return link_to(words);
  if (words.front() == "measure") return measure_next();
  if (words.front() == "meet") {
    const auto took = meet_by_pmi(seat_.rank, seat_.n_ranks);
    return took ? std::to_string(took->count()) : failed(took.error());
  }
  if (words.front() == "hold") {
    is_serving_ = false;
    return "held";
  }
  if (words.front() == "sum") return sum(words);
  if (words.front() == "gpus") {
    return wire::to_json(check_gpus(seat_.gpu_program, words.size() > 1, gpu_limit));
  }
  return "failed the order is not known: " + base::printable(order);
}

std::string Member::link_to(const std::vector<std::string_view>& words) {
  const auto port = words.size() == 3 ? base::parse_int(words[2], 1, UINT16_MAX) : std::nullopt;
  if (!port) return "failed expected link HOST PORT";
  const Deadline deadline(link_limit);
  auto link = dial({std::string(words[1]), static_cast<std::uint16_t>(*port)}, deadline);
  if (!link) return failed(link.error());
  if (auto sent = link->send(ring_line(seat_.token), deadline); !sent) return failed(sent.error());
  next_ = *std::move(link);
  return "linked";
}

std::string Member::measure_next() const {
  const auto speed = measure(next_);
  if (!speed) return failed(speed.error());
  return std::to_string(speed->latency.count()) + ' ' + std::to_string(speed->bytes_per_second);
}

std::string Member::sum(const std::vector<std::string_view>& words) const {
  const auto index = words.size() == 3 ? base::parse_int(words[1], 0, INT32_MAX) : std::nullopt;
  const auto n = words.size() == 3 ? base::parse_int(words[2], 1, INT32_MAX) : std::nullopt;
  if (!index || !n) return "failed expected sum INDEX COUNT";
  if (!before_) return "failed the rank before did not connect";
  const auto summed =
      sum_up(next_, before_, {static_cast<std::size_t>(*index), static_cast<std::size_t>(*n)});
  if (!summed) return failed(summed.error());
  return std::to_string(summed->token.count()) + ' ' + std::to_string(summed->took.count()) +
         (summed->is_right ? " right" : " wrong");
}

}  // namespace

std::string hello_line(const Seat& seat, std::uint16_t port, const std::string& machine) {
  return seat.token + ' ' + std::to_string(seat.rank) + ' ' + std::to_string(port) + ' ' + machine +
         ' ' + seat.node;
}

std::string ring_line(const std::string& token) {
  return "ring " + token + '\n';
}

base::Result<void> run_member(const Seat& seat) {
  auto listener = listen_at(0);
  if (!listener) return std::unexpected(std::move(listener).error());
  auto conductor = dial(seat.conductor, Deadline(meeting_limit));
  if (!conductor) {
    return std::unexpected(std::move(conductor).error().in(
        seat.node + " cannot reach the first node at " + seat.conductor.name + " port " +
        std::to_string(seat.conductor.port)));
  }
  const auto hello = hello_line(seat, port_of(*listener), machine_id());
  if (auto sent = conductor->send_line(hello, Deadline(line_limit)); !sent) return sent;
  return Member(seat, *std::move(conductor), *std::move(listener)).run();
}

}  // namespace doctor
