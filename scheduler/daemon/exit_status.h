#pragma once
// How musterd ends, as its exit status (man 8 musterd).

namespace musterd {

enum class ExitStatus {
  stopped = 0,         // as asked: `muster down` or SIGTERM
  cannot_start = 1,    // configuration, lock, journal or sockets
  usage = 2,           // the command line
  journal_failed = 3,  // while running: nothing was acknowledged that is not kept
};

}  // namespace musterd
