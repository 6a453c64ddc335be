// The fuzzers' corpus, as a normal test: inputs that were interesting once stay harmless.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/targets.h"
#include "tests/support/catch.h"

TEST_CASE("the fuzzers' corpus does no harm") {
  const auto corpus = std::filesystem::path(__FILE__).parent_path() / "../../../fuzz/corpus";
  for (const auto& target : fuzz::targets) {
    int n_files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus / target.name)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      INFO(entry.path());
      target.run(bytes);
      ++n_files;
    }
    INFO(target.name);
    CHECK(n_files > 0);
  }
}
