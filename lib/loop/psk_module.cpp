#include "lib/loop/psk_module.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <string>

namespace loop {

namespace {

std::string folder_of_this_program() {
  std::array<char, 4096> path{};
  const ssize_t n_bytes = readlink("/proc/self/exe", path.data(), path.size());
  const std::string program(path.data(), n_bytes > 0 ? static_cast<std::size_t>(n_bytes) : 0);
  return program.substr(0, program.rfind('/'));
}

}  // namespace

base::Result<std::shared_ptr<const ShieldMaker>> load_psk(const PskOptions& options) {
  const std::string folder = folder_of_this_program();
  std::string path = folder + "/muster-tls.so";
  if (access(path.c_str(), R_OK) != 0) path = folder + "/../lib/muster/muster-tls.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return base::fail(
        base::Code::not_found,
        "steps between machines need TLS, which cannot be loaded: " + std::string(dlerror()));
  }
  const auto make = reinterpret_cast<MakePsk>(dlsym(library, psk_symbol));
  if (make == nullptr) {
    return base::fail(base::Code::corrupt, "'" + path + "' is not Muster's TLS");
  }
  return std::shared_ptr<const ShieldMaker>(make(options));
}

}  // namespace loop
