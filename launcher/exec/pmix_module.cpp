#include "launcher/exec/pmix_module.h"

#include <dlfcn.h>
#include <unistd.h>

namespace exec {

std::string find_pmix_module(const std::string& folder) {
  for (const char* place : {"/muster-pmix.so", "/../lib/muster/muster-pmix.so"}) {
    const std::string path = folder + place;
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return {};
}

base::Result<pmix::Server*> open_pmix(const std::string& module, const pmix::Setup& setup,
                                      const pmix::Events& events) {
  void* library = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return base::fail(base::Code::io, "cannot load the PMIx server: " + std::string(dlerror()));
  }
  const auto open = reinterpret_cast<pmix::Open>(dlsym(library, pmix::open_symbol));
  if (open == nullptr) {
    return base::fail(base::Code::corrupt, "'" + module + "' is not Muster's PMIx server");
  }
  base::Error error;
  pmix::Server* server = open(setup, events, &error);
  if (server == nullptr) return std::unexpected(std::move(error));
  return server;
}

}  // namespace exec
