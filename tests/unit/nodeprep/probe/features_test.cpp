#include "nodeprep/probe/features.h"

#include <algorithm>

#include "lib/model/node_choice.h"
#include "tests/support/catch.h"

TEST_CASE("a system has a name that a constraint can ask for") {
  CHECK(probe::system_feature("NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n") == "debian-12");
  CHECK(probe::system_feature("ID=arch\n") == "arch");
  CHECK(probe::system_feature("ID=\"a b\"\n").empty());
  CHECK(probe::system_feature("").empty());
}

TEST_CASE("what a processor knows is a feature where not all do") {
  CHECK(
      probe::processor_features("processor : 0\nflags\t\t: fpu avx avx2 avx512f\nflags : sve\n") ==
      std::vector<std::string>{"avx2", "avx512f"});
  CHECK(probe::processor_features("Features\t: fp asimd sve\n") ==
        std::vector<std::string>{"asimd", "sve"});
  CHECK(probe::processor_features("").empty());
}

TEST_CASE("the features of this machine are in order and can be asked for") {
  const auto features = probe::find_features("6.1.0-18-amd64");
  CHECK(std::ranges::is_sorted(features));
  CHECK(std::ranges::all_of(features, model::is_plain_name));
  CHECK(std::ranges::find(features, "linux-6.1") != features.end());
}
