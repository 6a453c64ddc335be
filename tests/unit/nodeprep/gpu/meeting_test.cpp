#include "nodeprep/gpu/meeting.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "nodeprep/gpu/failure.h"
#include "tests/support/catch.h"

namespace {

/// Free until somebody else takes it.
std::string free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(fd, generic, length) == 0);
  REQUIRE(getsockname(fd, generic, &length) == 0);
  (void)close(fd);
  return std::to_string(ntohs(address.sin_port));
}

std::chrono::steady_clock::time_point in_a_while() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(60);
}

/// What each rank comes to: the secret and all numbers of GPUs, or why not.
std::vector<std::string> meet_all(const std::vector<int>& n_gpus) {
  const auto n = n_gpus.size();
  const auto port = free_port();
  const std::string secret("\0\x7f\xff secret", 10);
  std::vector<std::string> results(n);
  std::vector<std::thread> ranks;
  for (std::size_t rank = 0; rank < n; ++rank) {
    ranks.emplace_back([&, rank] {
      const gpucheck::Seat seat{
          static_cast<int>(rank), static_cast<int>(n), "127.0.0.1", port, "token", in_a_while()};
      try {
        const auto own = rank == 0 ? secret : std::string(secret.size(), ' ');
        const auto agreed = gpucheck::meet(seat, n_gpus[rank], own);
        results[rank] = agreed.secret == secret ? "met" : "another secret";
        for (const int count : agreed.n_gpus) results[rank] += ' ' + std::to_string(count);
      } catch (const gpucheck::Failure& failure) {
        results[rank] = failure.what();
      }
    });
  }
  for (auto& rank : ranks) rank.join();
  return results;
}

}  // namespace

TEST_CASE("ranks that meet have the secret of the first one, and know each other's GPUs") {
  CHECK(meet_all({8, 4, 1}) == std::vector<std::string>(3, "met 8 4 1"));
}

TEST_CASE("where a rank has no GPU, all are told") {
  CHECK(meet_all({2, 0}) == std::vector<std::string>(2, "rank 1 has no GPU that can take part"));
}

TEST_CASE("a rank that the first one does not know is not taken in") {
  const auto port = free_port();
  std::vector<std::string> results(3);
  std::vector<std::thread> ranks;
  const auto join = [&](std::size_t place, int rank, const char* token) {
    ranks.emplace_back([&, place, rank, token] {
      try {
        const auto agreed =
            gpucheck::meet({rank, 2, "127.0.0.1", port, token, in_a_while()}, 1, "abc");
        results[place] = agreed.secret;
      } catch (const gpucheck::Failure& failure) {
        results[place] = failure.what();
      }
    });
  };
  join(0, 0, "token");
  join(1, 1, "stranger");
  ranks.back().join();  // the stranger is turned away at once
  ranks.pop_back();
  CHECK(results[1] == "the first rank does not answer");
  join(2, 1, "token");
  for (auto& rank : ranks) rank.join();
  CHECK(results[0] == "abc");
  CHECK(results[2] == "abc");
}

TEST_CASE("the first rank waits for the others no longer than it may") {
  const auto start = std::chrono::steady_clock::now();
  const gpucheck::Seat seat{0,           2,       "127.0.0.1",
                            free_port(), "token", start + std::chrono::milliseconds(50)};
  std::string why;
  try {
    (void)gpucheck::meet(seat, 1, "abc");
  } catch (const gpucheck::Failure& failure) {
    why = failure.what();
  }
  CHECK(why == "1 ranks did not come to the first one in time");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}
