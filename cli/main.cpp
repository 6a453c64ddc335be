// muster and, by that name, submit.

#include "cli/program.h"

int main(int argc, char** argv) {
  return cli::program({argv, static_cast<std::size_t>(argc)});
}
