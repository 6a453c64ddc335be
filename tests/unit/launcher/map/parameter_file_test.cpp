#include "launcher/map/parameter_file.h"

#include "tests/support/catch.h"

TEST_CASE("a parameter's last line in a file counts, comments do not") {
  const std::string text = "# pml = cm\nbtl=tcp\n pml = ob1 \npml=^ucx\nno line\n";
  CHECK(mapping::parameter(text, "pml") == "^ucx");
  CHECK(mapping::parameter(text, "btl") == "tcp");
  CHECK_FALSE(mapping::parameter(text, "mtl"));
  CHECK_FALSE(mapping::parameter("", "pml"));
}

TEST_CASE("without a fabric cm is ruled out beside what is ruled out already") {
  CHECK(mapping::pml_without_fabric({}, {}) == "^cm");
  CHECK(mapping::pml_without_fabric("^ucx", "^ofi") == "^ucx,cm");
  CHECK(mapping::pml_without_fabric("", "") == "^cm");
  CHECK(mapping::pml_without_fabric("^", {}) == "^cm");
}

TEST_CASE("a network that somebody chose stays chosen") {
  CHECK(mapping::pml_without_fabric("ob1", {}).empty());
  CHECK(mapping::pml_without_fabric({}, "psm2").empty());
}
