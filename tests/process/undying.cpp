// Makes a process that SIGKILL does not end while this one lives: `test_undying PID` traces it, and
// has the kernel stop it on its way out (PTRACE_O_TRACEEXIT), where it hears no further signal. It
// says "held" when that is arranged, and lets go at its own end.

#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (ptrace(PTRACE_SEIZE, std::atoi(argv[1]), nullptr, PTRACE_O_TRACEEXIT) != 0) {
    std::fprintf(stderr, "cannot trace process %s: %s\n", argv[1], std::strerror(errno));
    return 1;
  }
  std::puts("held");
  std::fflush(stdout);
  for (;;) pause();
}
