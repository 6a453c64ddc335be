#include "lib/model/node_choice.h"

#include "tests/support/catch.h"

using model::constraint_from_text;
using model::is_gpu_kind;

TEST_CASE("a constraint is groups of features, of which one has to be there in whole") {
  const auto constraint = constraint_from_text("ib&bigmem|gpfs");
  REQUIRE(constraint.has_value());
  CHECK(to_text(*constraint) == "bigmem&ib|gpfs");
  CHECK(model::is_met(*constraint, {"bigmem", "ib"}));
  CHECK(model::is_met(*constraint, {"gpfs"}));
  CHECK_FALSE(model::is_met(*constraint, {"ib"}));
  CHECK_FALSE(model::is_met(*constraint, {}));
  CHECK(model::is_met({}, {}));
  CHECK(to_text(*constraint_from_text("a,b")) == "a&b");
}

TEST_CASE("what is no constraint is refused with what one is") {
  for (const auto* text : {"", "a&", "|a", "a b", "!a"}) {
    INFO(text);
    CHECK_FALSE(constraint_from_text(text).has_value());
  }
  CHECK(constraint_from_text("[a*2&b*1]").error().text ==
        "'[a*2&b*1]' has brackets or counts, which are not known here; expected features joined by "
        "'&' (all of them) and '|' (one of them)");
}

TEST_CASE("a kind of GPU is told by its words") {
  CHECK(is_gpu_kind("h100", "NVIDIA H100 80GB HBM3"));
  CHECK(is_gpu_kind("H100-80GB", "NVIDIA H100 80GB HBM3"));
  CHECK(is_gpu_kind("a100", "NVIDIA A100-SXM4-80GB"));
  CHECK_FALSE(is_gpu_kind("a100", "NVIDIA RTX A1000"));
  CHECK_FALSE(is_gpu_kind("h200", "NVIDIA H100 80GB HBM3"));
  CHECK_FALSE(is_gpu_kind("-", "NVIDIA H100 80GB HBM3"));
}
