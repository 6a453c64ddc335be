// An agent that does nothing but hold the lock of its node: --dir DIR and whatever else.

#include <unistd.h>

#include <string_view>

#include "lib/loop/files.h"

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) != "--dir") continue;
    const auto lock = loop::FileLock::take(std::string(argv[i + 1]) + "/agent.lock");
    if (!lock) return 1;
    ::pause();
  }
  return 2;
}
