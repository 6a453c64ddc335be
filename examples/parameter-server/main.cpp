// parameter-server: train a network on handwritten digits, asynchronously; each process is a server
// or a worker.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "examples/parameter-server/options.h"
#include "examples/parameter-server/roster.h"
#include "examples/parameter-server/say.h"
#include "examples/parameter-server/server.h"
#include "examples/parameter-server/worker.h"

namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

int start(int argc, char** argv) {
  const auto options = parameter_server::parse_options({argv + 1, argv + argc});
  if (!options) {
    fmt::print(stderr, "parameter-server: see 'parameter-server --help': {}\n",
               options.error().text);
    return wrong_usage;
  }
  if (options->help) {
    fmt::print("{}", parameter_server::help_text());
    return 0;
  }
  const auto roster =
      parameter_server::read_roster([](const char* name) { return std::getenv(name); });
  if (!roster) {
    fmt::print(stderr, "parameter-server: {}\n", roster.error().text);
    return wrong_usage;
  }
  const auto ended = roster->role == parameter_server::Role::ps
                         ? parameter_server::serve(*roster, *options)
                         : parameter_server::work(*roster, *options);
  if (!ended) {
    complain(*roster, ended.error().text);
    return failed;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return start(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "parameter-server: {}\n", error.what());
    return failed;
  }
}
