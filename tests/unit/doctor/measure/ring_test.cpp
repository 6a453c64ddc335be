#include "doctor/measure/ring.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace {

using doctor::Deadline;
using doctor::Link;
using namespace std::chrono_literals;

std::pair<Link, Link> linked() {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {Link(loop::OwnedFd(ends[0])), Link(loop::OwnedFd(ends[1]))};
}

/// Calls `act` with each place in a process of its own; whether all came to a good end.
template <class Act>
bool all_do_well(std::size_t n, Act act) {
  std::vector<pid_t> children;
  for (std::size_t place = 0; place < n; ++place) {
    children.push_back(fork());
    if (children.back() == 0) _exit(act(place) ? 0 : 1);
  }
  bool are_well = true;
  for (const auto child : children) {
    int status = -1;
    are_well = waitpid(child, &status, 0) == child && status == 0 && are_well;
  }
  return are_well;
}

}  // namespace

TEST_CASE("a sum over a ring is right on each place, for any number of places") {
  for (const std::size_t n : {std::size_t{2}, std::size_t{3}, std::size_t{5}}) {
    CAPTURE(n);
    std::vector<std::pair<Link, Link>> links;
    for (std::size_t i = 0; i < n; ++i) links.push_back(linked());
    CHECK(all_do_well(n, [&](std::size_t place) {
      const auto sum =
          doctor::sum_up(links[place].first, links[(place + n - 1) % n].second, {place, n});
      return sum && sum->is_right && (place > 0 || sum->token > 0us);
    }));
  }
}

TEST_CASE("a link is measured against one that serves") {
  auto link = linked();
  CHECK(all_do_well(2, [&](std::size_t place) {
    if (place == 0) {
      link.second = Link();
      const auto speed = doctor::measure(link.first);
      return speed && speed->latency < 1s && speed->bytes_per_second > 1'000'000;
    }
    link.first = Link();
    int n_served = 0;
    while (doctor::serve(link.second)) ++n_served;
    return n_served > 1;
  }));
}

TEST_CASE("who is silent is given up on in time, who has gone at once") {
  auto link = linked();
  std::array<char, 1> byte{};
  const auto late = link.first.receive(byte, Deadline(20ms));
  REQUIRE_FALSE(late);
  CHECK(late.error().text == "no answer within 20ms");
  link.second = Link();
  const auto gone = link.first.receive(byte, Deadline(10s));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().text == "the connection was closed by the other end");
}

TEST_CASE("lines that come together are read one by one") {
  auto link = linked();
  REQUIRE(link.first.send("one\ntwo\n", Deadline(1s)));
  CHECK(link.second.read_line(Deadline(1s)).value() == "one");
  CHECK(link.second.has_line());
  CHECK(link.second.read_line(Deadline(1s)).value() == "two");
  CHECK_FALSE(link.second.has_line());
}

TEST_CASE("nobody who listens is an error that says so, after the time is over") {
  auto listener = doctor::listen_at(0);
  REQUIRE(listener);
  const auto port = doctor::port_of(*listener);
  REQUIRE(port > 0);
  CHECK(doctor::dial({"127.0.0.1", port}, Deadline(5s)));
  *listener = loop::OwnedFd();
  const auto link = doctor::dial({"127.0.0.1", port}, Deadline(20ms));
  REQUIRE_FALSE(link);
  CHECK(link.error().text.find("refused") != std::string::npos);
}
