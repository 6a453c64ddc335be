// muster-doctor: a rank of it on each node looks at its node and its links (man 1 muster-doctor).

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doctor/judge/judge.h"
#include "doctor/measure/conductor.h"
#include "doctor/measure/member.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "lib/wire/doctor.h"

namespace {

constexpr int exit_well = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

base::Result<std::size_t> number_in(const char* name, std::int64_t low, std::int64_t high) {
  const auto text = variable(name);
  if (const auto number = base::parse_int(text, low, high)) {
    return static_cast<std::size_t>(*number);
  }
  return base::fail(base::Code::invalid,
                    std::string(name) + " is '" + base::printable(text) +
                        "', expected a number from " + std::to_string(low) + " to " +
                        std::to_string(high) +
                        "; start it as a step: muster run --ntasks-per-node 1 muster-doctor");
}

base::Result<doctor::Seat> seat_of_rank() {
  const auto n_ranks = number_in("WORLD_SIZE", 1, 100'000);
  if (!n_ranks) return std::unexpected(n_ranks.error());
  const auto rank = number_in("RANK", 0, static_cast<std::int64_t>(*n_ranks) - 1);
  if (!rank) return std::unexpected(rank.error());
  const auto port = number_in("MASTER_PORT", 1, UINT16_MAX);
  if (!port) return std::unexpected(port.error());
  doctor::Seat seat{.rank = *rank,
                    .n_ranks = *n_ranks,
                    .node = variable("MUSTER_NODE"),
                    .conductor = {variable("MASTER_ADDR"), static_cast<std::uint16_t>(*port)},
                    .token = variable("MUSTER_RENDEZVOUS_FILE")};
  // All ranks of the step have the same, and nobody else does; as a word of a line.
  seat.token = seat.token.substr(seat.token.rfind('-') + 1);
  if (seat.conductor.name.empty() || seat.node.empty() || seat.token.empty() ||
      seat.token.contains(' ')) {
    return base::fail(base::Code::invalid,
                      "MASTER_ADDR, MUSTER_NODE and MUSTER_RENDEZVOUS_FILE are not all there; "
                      "start it as a step: muster run --ntasks-per-node 1 muster-doctor");
  }
  return seat;
}

/// Nodes of the ranks, as far as they can be known before these come.
std::vector<std::string> names_of(const doctor::Seat& seat) {
  auto names = model::expand_hosts(variable("MUSTER_NODELIST"));
  if (names && names->size() == seat.n_ranks) return *std::move(names);
  std::vector<std::string> ranks;
  for (std::size_t rank = 0; rank < seat.n_ranks; ++rank) {
    ranks.push_back("rank " + std::to_string(rank));
  }
  return ranks;
}

/// A rank that fails is missed by the conductor, which says so: the step is to go on.
int be_member(const doctor::Seat& seat) {
  if (const auto done = doctor::run_member(seat); !done) {
    std::fprintf(stderr, "muster-doctor: %s\n", done.error().text.c_str());
  }
  return exit_well;
}

/// The conductor has a connection to each rank.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);  // with fewer it works too, for fewer ranks
}

/// What it finds does not make its job fail: a job that does has its node suspected. Who asked
/// reads the report.
int conduct(const doctor::Seat& seat, loop::OwnedFd listener) {
  allow_many_files();
  auto report = doctor::Conductor(seat, std::move(listener), names_of(seat)).examine();
  doctor::judge(report);
  const auto text = wire::to_json(report);
  if (std::printf("%s\n", text.c_str()) < 0 || std::fflush(stdout) != 0) return exit_failed;
  return exit_well;
}

/// The conductor is a process beside the first rank, which so is a member like all others.
int lead(const doctor::Seat& seat) {
  auto listener = doctor::listen_at(seat.conductor.port);
  if (!listener) {
    std::fprintf(stderr, "muster-doctor: %s\n", listener.error().text.c_str());
    return exit_failed;
  }
  const auto member = fork();
  if (member < 0) {
    std::fprintf(stderr, "muster-doctor: cannot start a process beside the first rank\n");
    return exit_failed;
  }
  if (member == 0) {
    *listener = loop::OwnedFd();
    _exit(be_member(seat));
  }
  const int code = conduct(seat, *std::move(listener));
  while (waitpid(member, nullptr, 0) < 0 && errno == EINTR) {
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const bool has_program = argc == 3 && std::string_view(argv[1]) == "--gpus";
  if (argc > 1 && !has_program) {
    const std::string_view word(argv[1]);
    if (word == "--version") {
      std::printf("muster-doctor %s\n", MUSTER_VERSION);
      return exit_well;
    }
    const bool is_help = word == "--help" || word == "-h";
    std::fprintf(is_help ? stdout : stderr,
                 "usage: muster run --ntasks-per-node 1 muster-doctor [--gpus PROGRAM]\n\n"
                 "Looks at the nodes of a job and the links between them; muster doctor does it "
                 "all. More: muster-doctor(1).\n");
    return is_help ? exit_well : exit_usage;
  }
  auto seat = seat_of_rank();
  if (seat && has_program) seat->gpu_program = argv[2];
  if (!seat) {
    std::fprintf(stderr, "muster-doctor: %s\n", seat.error().text.c_str());
    return exit_usage;
  }
  // Name servers that are away cost seconds, not minutes.
  (void)setenv("RES_OPTIONS", "timeout:1 attempts:2", 0);
  return seat->rank == 0 ? lead(*seat) : be_member(*seat);
}
