// libFuzzer's entry; the build names the function of targets.h in MUSTER_FUZZ_TARGET.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::MUSTER_FUZZ_TARGET({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
