// Configuration files: whatever is in one, it is refused by lines or becomes a complete value.

#include <cstddef>
#include <cstdint>

#include "conf/config.h"
#include "lib/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto config = conf::read_text({reinterpret_cast<const char*>(bytes), size}, "m.toml");
  if (!config) {
    base::check(config.error().text.starts_with("m.toml: "), "a refusal begins with the file");
    return 0;
  }
  base::check(!config->pools.empty(), "a configuration has pools");
  for (const auto& pool : config->pools) {
    base::check(!pool.name.empty() && pool.nodes > 0 && pool.cpus_per_node > 0, "pools are whole");
  }
  base::check(!config->cluster.dir.empty(), "the state directory is known");
  return 0;
}
