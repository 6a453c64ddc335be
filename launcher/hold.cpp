// muster-hold: the one program of ours that runs in a container of a job, whatever is in there; so
// it is linked statically. The container lives as long as it does. Under the name of one of our
// programs it starts that with the node's dynamic linker and libraries, which lie beside it.

#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int cannot_start = 127;
constexpr const char* linker = "/.muster/lib/ld.so";

/// Says which process it is, and ends with its input, which the launcher holds.
int hold() {
  std::printf("%d\n", static_cast<int>(getpid()));
  std::fflush(stdout);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

int start(std::string& name, int argc, char** argv) {
  std::vector<std::string> fixed{linker, "--library-path", "/.muster/lib", "--argv0"};
  std::string program = "/.muster/lib/muster";
  std::vector<char*> arguments;
  for (auto& word : fixed) arguments.push_back(word.data());
  arguments.push_back(name.data());
  arguments.push_back(program.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  arguments.push_back(nullptr);
  execv(linker, arguments.data());
  std::perror(linker);
  return cannot_start;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  std::string name(path.substr(path.rfind('/') + 1));
  return name == "hold" ? hold() : start(name, argc, argv);
}
