#include "launcher/exec/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/loop/owned_fd.h"
#include "tests/support/catch.h"

TEST_CASE("a free port is one that can be bound, and the next one when it is taken") {
  const auto port = exec::free_port(17);
  REQUIRE(port);
  CHECK(*port >= exec::first_meeting_port);
  CHECK(*port <= exec::last_meeting_port);

  const loop::OwnedFd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(*port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(taken.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const auto next = exec::free_port(17);
  REQUIRE(next);
  CHECK(*next != *port);
}

TEST_CASE("jobs that start at once begin to look at different ports") {
  CHECK(exec::free_port(31) != exec::free_port(32));
}

TEST_CASE("held ports are nobody else's until they are let go") {
  auto held = exec::HeldPorts::take(5, 3);
  REQUIRE(held);
  REQUIRE(held->numbers().size() == 3);
  const auto others = exec::HeldPorts::take(5, 3);
  REQUIRE(others);
  for (const auto port : others->numbers()) {
    for (const auto mine : held->numbers()) CHECK(port != mine);
  }
  const auto first = held->numbers().front();
  held = exec::HeldPorts::take(6, 0);
  CHECK(exec::free_port(5) == first);
}
