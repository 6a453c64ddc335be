#include "examples/digits/place.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "lib/base/text.h"

namespace digits {

std::string host_name() {
  if (const char* node = std::getenv("MUSTER_NODE"); node != nullptr && *node != '\0') {
    return node;
  }
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    return "unknown";
  }
  return name.data();
}

std::string bound_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) {
    return "unknown";
  }
  std::vector<std::string> ranges;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &set)) {
      continue;
    }
    const int first = core;
    while (core + 1 < CPU_SETSIZE && CPU_ISSET(core + 1, &set)) {
      ++core;
    }
    ranges.push_back(first == core ? fmt::to_string(core) : fmt::format("{}-{}", first, core));
  }
  return base::join(ranges, ",");
}

}  // namespace digits
