#pragma once
// Libraries that are used where they are found when the program runs: it starts without them.

#include <dlfcn.h>

#include <string>

#include "nodeprep/gpu/device.h"

namespace gpucheck {

/// Never unloaded: they keep threads.
class Library {
 public:
  explicit Library(const std::string& file) : handle_(dlopen(file.c_str(), RTLD_NOW)) {}

  bool is_there() const { return handle_ != nullptr; }

  /// errors    with the name of what it has not
  template <class Function>
  void take(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(dlsym(handle_, name));
    if (function == nullptr) throw Failure(std::string("the library has no ") + name);
  }

 private:
  void* handle_;
};

}  // namespace gpucheck
