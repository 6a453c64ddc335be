// muster-launch: carries out one launch order on this node. See muster-launch(8).

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "launcher/exec/launch.h"
#include "lib/model/hierarchy.h"

namespace {

constexpr int usage_error = 2;

constexpr std::string_view usage =
    "usage: muster-launch LAUNCH_DIR [--topology FILE] [--group HIERARCHY]... [--groups-required]\n"
    "Started by muster-agent; carries out LAUNCH_DIR/order and leaves LAUNCH_DIR/report.\n"
    "  --topology FILE   hwloc description of this machine, instead of the node's own\n"
    "  --group HIERARCHY control groups of what it starts are made there: v1:memory:/FOLDER\n"
    "  --groups-required start nothing without them\n"
    "  --help            show this text\n"
    "  --version         show the version\n";

/// No streams: this program is started for every job, and what they need at start would double its
/// cost.
void print(int fd, std::string_view text) {
  // There is nobody else to tell when standard error is closed.
  (void)!write(fd, text.data(), text.size());
}

bool add_hierarchy(std::string_view text, exec::LaunchOptions& options) {
  auto hierarchy = model::hierarchy_from_text(text);
  if (hierarchy) options.hierarchies.push_back(std::move(*hierarchy));
  return hierarchy.has_value();
}

bool parse(int argc, char** argv, exec::LaunchOptions& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--topology" && i + 1 < argc) {
      options.topology_xml = argv[++i];
    } else if (word == "--group" && i + 1 < argc) {
      if (!add_hierarchy(argv[++i], options)) return false;
    } else if (word == "--groups-required") {
      options.needs_groups = true;
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
  exec::LaunchOptions options;
  if (!parse(argc, argv, options)) {
    print(STDERR_FILENO, usage);
    return usage_error;
  }
  const auto done = exec::run_launch(options);
  if (!done) print(STDERR_FILENO, "muster-launch: " + done.error().text + "\n");
  // The PMIx library has threads that must not see this process being torn down.
  _exit(done ? 0 : 1);
}
