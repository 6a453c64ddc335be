#include "launcher/map/hang_report.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

TEST_CASE("a line says what a rank did and when") {
  CHECK(mapping::to_line({.rank = 2,
                          .node = "n1",
                          .now = 70s,
                          .cpu = 430ms,
                          .last_output = 10s,
                          .in_mpi = 120ms}) ==
        "rank 2 on n1: 430ms of CPU time, last output 1m before, in MPI 120ms after its start\n");
  CHECK(mapping::to_line({.rank = 0, .node = "n1", .now = 70s}) ==
        "rank 0 on n1: 0s of CPU time, no output, never called MPI_Init\n");
  CHECK(mapping::to_line(
            {.rank = 0, .node = "n1", .has_ended = true, .in_mpi = 1s, .has_finalized = true}) ==
        "rank 0 on n1: has ended, no output, in MPI 1s after its start, finalized\n");
}

TEST_CASE("of what a debugger prints the threads and frames are kept") {
  CHECK(mapping::stack_lines("[New LWP 5]\nwarning: no symbols\n\nThread 1 (LWP 5):\n#0  pause ()\n"
                             "#1  main ()\n[Inferior 1 detached]\n") ==
        "  Thread 1 (LWP 5):\n    #0  pause ()\n    #1  main ()\n");
  CHECK(mapping::stack_lines("PID 5 - process\nTID 5:\n#0  0x7f pause\n") ==
        "  TID 5:\n    #0  0x7f pause\n");
  const std::string refused = "warning: x\nptrace: Operation not permitted.\nNo stack.\n";
  CHECK(mapping::stack_lines(refused).empty());
  CHECK(mapping::why_no_frames(refused) == "ptrace: Operation not permitted.");
  CHECK(mapping::why_no_frames("eu-stack: no such process\n\n") == "eu-stack: no such process");
  CHECK(mapping::why_no_frames("").empty());
}
