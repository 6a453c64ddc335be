#include "doctor/measure/ring.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace doctor {

namespace {

using namespace std::chrono_literals;

constexpr int n_messages = 30;
constexpr base::Duration answer_limit = 5s;
constexpr base::Duration messages_limit = 1s;  // for all, once the first was answered
constexpr base::Duration stream_time = 200ms;
constexpr base::Duration stream_limit = 10s;
constexpr std::uint64_t most_streamed = std::uint64_t{4} << 30;
constexpr base::Duration sum_limit = 20s;
constexpr std::size_t message_size = 64;
constexpr std::size_t block_size = std::size_t{1} << 16;

// The first byte says what follows: a message to be answered, or a block of a stream.
constexpr char ping = 'p';
constexpr char block = 'b';
constexpr char last_block = 'l';

using Message = std::array<char, message_size>;
using Numbers = std::vector<std::uint64_t>;

base::Result<base::Duration> time_message(const Link& next) {
  Message message{ping};
  const Deadline deadline(answer_limit);
  const loop::Elapsed since;
  if (auto sent = next.send({message.data(), message.size()}, deadline); !sent) {
    return std::unexpected(std::move(sent).error());
  }
  if (auto come = next.receive(message, deadline); !come) {
    return std::unexpected(std::move(come).error());
  }
  return since.so_far();
}

base::Result<base::Duration> best_latency(const Link& next) {
  auto best = time_message(next);
  const Deadline deadline(messages_limit);
  for (int i = 1; i < n_messages && best && !deadline.is_over(); ++i) {
    const auto again = time_message(next);
    if (!again) return again;
    best = std::min(*best, *again);
  }
  return best;
}

/// Its end is answered when all of it has come.
base::Result<std::uint64_t> stream_to(const Link& next) {
  std::string bytes(block_size, block);
  const Deadline deadline(stream_limit);
  const loop::Elapsed since;
  std::uint64_t n_bytes = 0;
  bool is_last = false;
  while (!is_last) {
    is_last = since.so_far() >= stream_time || n_bytes >= most_streamed;
    if (is_last) bytes.front() = last_block;
    if (auto sent = next.send(bytes, deadline); !sent) {
      return std::unexpected(std::move(sent).error().in("a stream stopped"));
    }
    n_bytes += bytes.size();
  }
  char answer = 0;
  if (auto come = next.receive({&answer, 1}, deadline); !come) {
    return std::unexpected(std::move(come).error().in("a stream stopped"));
  }
  const double seconds = std::chrono::duration<double>(since.so_far()).count();
  return static_cast<std::uint64_t>(static_cast<double>(n_bytes) / seconds);
}

std::uint64_t own_value(Place place, std::size_t i) {
  return (place.index + 1) * (i % 1000 + 1);
}

std::uint64_t whole_value(Place place, std::size_t i) {
  return place.n * (place.n + 1) / 2 * (i % 1000 + 1);
}

std::span<std::uint64_t> part_of(Numbers& numbers, std::size_t part, std::size_t n) {
  const auto first = numbers.size() * part / n;
  const auto end = numbers.size() * (part + 1) / n;
  return std::span(numbers).subspan(first, end - first);
}

std::string_view bytes_of(std::span<const std::uint64_t> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

std::span<char> room_of(std::span<std::uint64_t> numbers) {
  return {reinterpret_cast<char*>(numbers.data()), numbers.size_bytes()};
}

/// A number goes once round, and each rank adds one to it.
base::Result<base::Duration> pass_token(const Link& next, const Link& before, Place place,
                                        const Deadline& deadline) {
  std::array<std::uint64_t, 1> token{1};
  const loop::Elapsed since;
  const bool is_first = place.index == 0;
  if (!is_first) {
    if (auto come = before.receive(room_of(token), deadline); !come) {
      return std::unexpected(std::move(come).error());
    }
    ++token.front();
  }
  if (auto sent = next.send(bytes_of(token), deadline); !sent) {
    return std::unexpected(std::move(sent).error());
  }
  if (!is_first) return base::Duration();
  if (auto come = before.receive(room_of(token), deadline); !come) {
    return std::unexpected(std::move(come).error());
  }
  if (token.front() != place.n) {
    return base::fail(base::Code::corrupt, "a token counted " + std::to_string(token.front()) +
                                               " nodes of " + std::to_string(place.n));
  }
  return since.so_far();
}

/// Each part is summed up on its way round the ring, and goes round once more.
base::Result<void> reduce(Numbers& numbers, const Link& next, const Link& before, Place place) {
  const Deadline deadline(sum_limit);
  const auto n = place.n;
  Numbers come(numbers.size() / n + 1);
  for (std::size_t turn = 0; turn + 1 < n; ++turn) {
    const auto give = part_of(numbers, (place.index + n - turn) % n, n);
    const auto take = part_of(numbers, (place.index + n - turn - 1) % n, n);
    const auto room = std::span(come).first(take.size());
    if (auto done = exchange(next, bytes_of(give), before, room_of(room), deadline); !done) {
      return done;
    }
    std::ranges::transform(take, room, take.begin(), std::plus<>());
  }
  for (std::size_t turn = 0; turn + 1 < n; ++turn) {
    const auto give = part_of(numbers, (place.index + n + 1 - turn) % n, n);
    const auto take = part_of(numbers, (place.index + n - turn) % n, n);
    if (auto done = exchange(next, bytes_of(give), before, room_of(take), deadline); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

base::Result<Speed> measure(const Link& next) {
  const auto latency = best_latency(next);
  if (!latency) return std::unexpected(latency.error());
  const auto rate = stream_to(next);
  if (!rate) return std::unexpected(rate.error());
  return Speed{*latency, *rate};
}

base::Result<void> serve(const Link& before) {
  Message message;
  const Deadline deadline(answer_limit);
  if (auto come = before.receive(std::span(message).first(1), deadline); !come) return come;
  if (message.front() == ping) {
    if (auto come = before.receive(std::span(message).subspan(1), deadline); !come) return come;
    return before.send({message.data(), message.size()}, deadline);
  }
  const Deadline stream_deadline(stream_limit);
  std::string bytes(block_size, message.front());
  auto rest = std::span(bytes).subspan(1);
  for (;;) {
    if (auto come = before.receive(rest, stream_deadline); !come) return come;
    if (bytes.front() == last_block) return before.send(bytes.substr(0, 1), stream_deadline);
    rest = std::span(bytes);
  }
}

base::Result<Sum> sum_up(const Link& next, const Link& before, Place place) {
  Numbers numbers(n_summed);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = own_value(place, i);
  const auto token = pass_token(next, before, place, Deadline(sum_limit));
  if (!token) return std::unexpected(token.error());
  const loop::Elapsed since;
  if (auto done = reduce(numbers, next, before, place); !done) {
    return std::unexpected(std::move(done).error());
  }
  Sum sum{.token = *token, .took = since.so_far(), .is_right = true};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    sum.is_right = sum.is_right && numbers[i] == whole_value(place, i);
  }
  return sum;
}

}  // namespace doctor
