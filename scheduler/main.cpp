// musterd: the controller of a cluster (man 8 musterd).

#include <boost/program_options.hpp>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>

#include "scheduler/daemon/daemon.h"

namespace {

namespace options = boost::program_options;
using musterd::ExitStatus;

ExitStatus run(int argc, char** argv) {
  options::options_description described("Options");
  described.add_options()                                                        //
      ("config", options::value<std::string>(), "configuration of the cluster")  //
      ("foreground", "stay in the foreground, which it always does")             //
      ("help,h", "print this and exit")                                          //
      ("version", "print the version and exit");
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(described).positional({}).run(),
                 given);
  if (given.contains("help")) {
    std::ostringstream text;
    text << described;
    std::printf("usage: musterd --config FILE\n\n%s", text.str().c_str());
    return ExitStatus::stopped;
  }
  if (given.contains("version")) {
    std::puts("musterd " MUSTER_VERSION);
    return ExitStatus::stopped;
  }
  if (!given.contains("config")) {
    std::fputs("musterd: expected --config FILE (see --help)\n", stderr);
    return ExitStatus::usage;
  }
  return musterd::run_daemon(given["config"].as<std::string>());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const options::error& error) {
    std::fprintf(stderr, "musterd: %s (see --help)\n", error.what());
    return static_cast<int>(ExitStatus::usage);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "musterd: %s\n", error.what());
    return static_cast<int>(ExitStatus::cannot_start);
  }
}
