#pragma once
// A rank of muster-doctor: does what the conductor, beside the first rank, asks of it, and answers
// the rank before it in the ring.
//
// The conductor's lines and their answers, each of which may also be: failed TEXT
//   facts             JSON
//   clock             MICROSECONDS
//   link HOST PORT    linked
//   measure           LATENCY_US BYTES_PER_SECOND
//   meet              MICROSECONDS
//   hold              held         what comes from the rank before belongs to the sum from now on
//   sum INDEX COUNT   TOKEN_US MICROSECONDS right|wrong
//   gpus [together]   JSON         runs the program that checks GPUs
//   end

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "doctor/measure/link.h"

namespace doctor {

/// What a rank knows at its start.
struct Seat {
  std::size_t rank = 0;
  std::size_t n_ranks = 1;
  std::string node;
  Host conductor;
  std::string token;        // that only ranks of this step know
  std::string gpu_program;  // that checks GPUs; empty: they are not checked
};

/// The first line of a member.
std::string hello_line(const Seat& seat, std::uint16_t port, const std::string& machine);

/// What a member sends first to the next one.
std::string ring_line(const std::string& token);

/// For what the program that checks GPUs may take.
constexpr base::Duration gpu_limit = std::chrono::minutes(3);

/// Until the conductor ends it.
base::Result<void> run_member(const Seat& seat);

}  // namespace doctor
