#pragma once
// A port at which rank 0 of a job may listen, for programs that meet at MASTER_ADDR:MASTER_PORT.

#include <cstdint>
#include <optional>

namespace exec {

constexpr std::uint16_t first_meeting_port = 20000;
constexpr std::uint16_t last_meeting_port =
    32767;  // from 32768 on the kernel gives them to anybody

/// A TCP port between those that nobody on this machine uses now. It is not held: whoever is meant
/// to listen there may not share it. Different seeds begin at different ports, so that jobs which
/// start at once do not get the same. nullopt: all are in use.
std::optional<std::uint16_t> free_port(std::uint64_t seed);

}  // namespace exec
