#pragma once
// Beside the first rank: gathers all ranks, says what they measure and when, and makes the report.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/measure/link.h"
#include "doctor/measure/member.h"
#include "lib/model/doctor_report.h"

namespace doctor {

class Conductor {
 public:
  /// names   of the nodes by rank, for those that do not come
  Conductor(const Seat& seat, loop::OwnedFd listener, const std::vector<std::string>& names);

  /// All that is measured; not judged yet. Ends the members.
  model::DoctorReport examine();

 private:
  struct Player {
    Link link;
    std::string host;  // where the others reach it
    std::uint16_t port = 0;
  };

  void gather();
  void welcome(Link link);
  std::optional<std::string> answer_of(std::size_t rank, const Deadline& deadline);
  void tell(std::size_t rank, std::string_view line);
  void lose(std::size_t rank, const std::string& why);
  void gather_facts();
  void compare_clocks();
  void make_ring();
  void measure(const std::vector<std::size_t>& hops, bool again);
  void measure_all();
  void meet();
  void check_gpus();
  bool hold_all();
  void sum_up();

  const Seat& seat_;
  loop::OwnedFd listener_;
  std::string machine_;
  std::vector<Player> players_;    // by rank
  std::vector<std::size_t> ring_;  // ranks
  model::DoctorReport report_;     // its nodes by rank
};

}  // namespace doctor
