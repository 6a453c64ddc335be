#include "nodeprep/gpu/meeting.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>
#include <utility>

#include "nodeprep/gpu/failure.h"

namespace gpucheck {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto answer_time = std::chrono::seconds(5);
constexpr auto stranger_time = std::chrono::seconds(2);
constexpr int pause_ms = 100;
constexpr std::size_t longest_line = 65536;

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) (void)close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what) {
  throw Failure(what + ": " + std::strerror(errno));
}

bool wait_for(const Socket& socket, short events, Clock::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd watched{.fd = socket.get(), .events = events, .revents = 0};
  return poll(&watched, 1, static_cast<int>(std::max<long>(left, 0))) > 0;
}

/// nullopt: it did not come in time, or the other end has gone.
std::optional<std::string> read_line(const Socket& socket, Clock::time_point until) {
  std::string line;
  char c = 0;
  while (line.size() < longest_line && wait_for(socket, POLLIN, until)) {
    if (recv(socket.get(), &c, 1, MSG_DONTWAIT) != 1) return std::nullopt;
    if (c == '\n') return line;
    line.push_back(c);
  }
  return std::nullopt;
}

bool send_line(const Socket& socket, const std::string& line) {
  const auto text = line + '\n';
  return send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

struct Addresses {
  Addresses(const char* host, const std::string& port, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    const int status = getaddrinfo(host, port.c_str(), &hints, &first);
    if (status != 0) throw Failure("getaddrinfo " + port + ": " + gai_strerror(status));
  }
  ~Addresses() { freeaddrinfo(first); }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;

  addrinfo* first = nullptr;
};

Socket listen_at(const std::string& port) {
  const Addresses addresses(nullptr, port, AI_PASSIVE);
  for (const auto* at = addresses.first; at != nullptr; at = at->ai_next) {
    Socket listener(socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    (void)setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener.get(), at->ai_addr, at->ai_addrlen) == 0 &&
        listen(listener.get(), SOMAXCONN) == 0) {
      return listener;
    }
  }
  fail("cannot listen at port " + port);
}

Socket dial(const Seat& seat, Clock::time_point until) {
  do {
    const Addresses addresses(seat.host.c_str(), seat.port, 0);
    for (const auto* at = addresses.first; at != nullptr; at = at->ai_next) {
      Socket link(socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (connect(link.get(), at->ai_addr, at->ai_addrlen) == 0) return link;
    }
    (void)poll(nullptr, 0, pause_ms);
  } while (Clock::now() < until);
  fail("cannot reach the first rank at " + seat.host + " port " + seat.port);
}

std::string hex_of(const std::string& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    text += digits[value / 16];
    text += digits[value % 16];
  }
  return text;
}

/// Empty when it is none.
std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    const auto* end = hex.data() + i + 2;
    if (std::from_chars(hex.data() + i, end, value, 16).ptr != end) return {};
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

/// Takes in all other ranks; why that failed, or empty.
std::string gather(const Seat& seat, Agreed& agreed, std::vector<Socket>& links) {
  const auto listener = listen_at(seat.port);
  for (int missing = seat.n_ranks - 1; missing > 0;) {
    if (!wait_for(listener, POLLIN, seat.until)) {
      return std::to_string(missing) + " ranks did not come to the first one in time";
    }
    Socket link(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (link.get() < 0) continue;
    const auto line = read_line(link, std::min(seat.until, Clock::now() + stranger_time));
    std::istringstream words(line.value_or(""));
    std::string token;
    int rank = 0;
    int n_gpus = 0;
    words >> token >> rank >> n_gpus;
    if (!words || token != seat.token || rank < 1 || rank >= seat.n_ranks) continue;
    const auto place = static_cast<std::size_t>(rank);
    if (links[place].get() < 0) --missing;
    links[place] = std::move(link);
    agreed.n_gpus[place] = n_gpus;
  }
  const auto without = std::ranges::find_if(agreed.n_gpus, [](int n) { return n < 1; });
  if (without == agreed.n_gpus.end()) return {};
  return "rank " + std::to_string(without - agreed.n_gpus.begin()) +
         " has no GPU that can take part";
}

Agreed lead(const Seat& seat, int n_gpus, const std::string& secret) {
  const auto n = static_cast<std::size_t>(seat.n_ranks);
  Agreed agreed{secret, std::vector<int>(n)};
  agreed.n_gpus[0] = n_gpus;
  std::vector<Socket> links(n);
  const auto problem = gather(seat, agreed, links);
  std::string line = problem.empty() ? "together " + hex_of(secret) : "apart " + problem;
  if (problem.empty()) {
    for (const int count : agreed.n_gpus) line += ' ' + std::to_string(count);
  }
  for (const auto& link : links) {
    if (link.get() >= 0) (void)send_line(link, line);  // who has gone is missed by NCCL
  }
  if (!problem.empty()) throw Failure(problem);
  return agreed;
}

Agreed follow(const Seat& seat, int n_gpus, std::size_t size) {
  const auto link = dial(seat, seat.until);
  if (!send_line(link,
                 seat.token + ' ' + std::to_string(seat.rank) + ' ' + std::to_string(n_gpus))) {
    fail("cannot talk to the first rank");
  }
  const auto line = read_line(link, seat.until + answer_time);
  if (!line) throw Failure("the first rank does not answer");
  std::istringstream words(*line);
  std::string verdict;
  words >> verdict;
  if (verdict != "together")
    throw Failure(line->substr(std::min(line->size(), verdict.size() + 1)));
  std::string hex;
  words >> hex;
  Agreed agreed{bytes_of(hex), std::vector<int>(static_cast<std::size_t>(seat.n_ranks))};
  for (auto& count : agreed.n_gpus) words >> count;
  if (!words || agreed.secret.size() != size) throw Failure("the first rank says '" + *line + "'");
  return agreed;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::optional<int> number_in(const char* name) {
  const auto text = variable(name);
  int number = 0;
  const auto* end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, number).ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Seat> seat_of_rank(Clock::time_point until) {
  const auto rank = number_in("RANK");
  const auto n_ranks = number_in("WORLD_SIZE");
  if (!rank || !n_ranks || *rank < 0 || *rank >= *n_ranks) return std::nullopt;
  auto token = variable("MUSTER_RENDEZVOUS_FILE");
  token = token.substr(token.rfind('-') + 1);
  Seat seat{*rank, *n_ranks, variable("MASTER_ADDR"), variable("MASTER_PORT"), std::move(token),
            until};
  if (seat.host.empty() || seat.port.empty() || seat.token.empty()) return std::nullopt;
  return seat;
}

Agreed meet(const Seat& seat, int n_gpus, const std::string& secret) {
  return seat.rank == 0 ? lead(seat, n_gpus, secret) : follow(seat, n_gpus, secret.size());
}

}  // namespace gpucheck
