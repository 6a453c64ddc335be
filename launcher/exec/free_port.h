#pragma once
// Ports at which ranks may listen, such as rank 0 of a job for programs that meet at MASTER_ADDR
// and MASTER_PORT.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"

namespace exec {

constexpr std::uint16_t first_meeting_port = 20000;
constexpr std::uint16_t last_meeting_port =
    32767;  // from 32768 on the kernel gives them to anybody

/// A TCP port between those that nobody on this machine uses now. It is not held: whoever is meant
/// to listen there may not share it. Different seeds begin at different ports, so that jobs which
/// start at once do not get the same. nullopt: all are in use.
std::optional<std::uint16_t> free_port(std::uint64_t seed);

/// Such ports for several listeners, which nobody else can get while this lives.
class HeldPorts {
 public:
  /// errors    exhausted: there are not so many
  static base::Result<HeldPorts> take(std::uint64_t seed, std::size_t n);

  const std::vector<std::uint16_t>& numbers() const { return numbers_; }

 private:
  std::vector<loop::OwnedFd> sockets_;
  std::vector<std::uint16_t> numbers_;
};

}  // namespace exec
