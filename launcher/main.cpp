// muster-launch: carries out one launch order on this node. See muster-launch(8).

#include <unistd.h>

#include <string>
#include <string_view>

#include "launcher/exec/launch.h"

namespace {

constexpr int usage_error = 2;

constexpr std::string_view usage =
    "usage: muster-launch LAUNCH_DIR [--topology FILE]\n"
    "Started by muster-agent; carries out LAUNCH_DIR/order and leaves LAUNCH_DIR/report.\n"
    "  --topology FILE   hwloc description of this machine, instead of the node's own\n"
    "  --help            show this text\n"
    "  --version         show the version\n";

struct Options {
  std::string directory;
  std::string topology_xml;
};

/// No streams: this program is started for every job, and what they need at start would double its
/// cost.
void print(int fd, std::string_view text) {
  // There is nobody else to tell when standard error is closed.
  (void)!write(fd, text.data(), text.size());
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--topology" && i + 1 < argc) {
      options.topology_xml = argv[++i];
    } else if (options.directory.empty() && !word.starts_with('-')) {
      options.directory = word;
    } else {
      return false;
    }
  }
  return !options.directory.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    print(STDOUT_FILENO, usage);
    return 0;
  }
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    print(STDOUT_FILENO, "muster-launch " MUSTER_VERSION "\n");
    return 0;
  }
  Options options;
  if (!parse(argc, argv, options)) {
    print(STDERR_FILENO, usage);
    return usage_error;
  }
  const auto done = exec::run_launch(options.directory, options.topology_xml);
  if (!done) print(STDERR_FILENO, "muster-launch: " + done.error().text + "\n");
  // The PMIx library has threads that must not see this process being torn down.
  _exit(done ? 0 : 1);
}
