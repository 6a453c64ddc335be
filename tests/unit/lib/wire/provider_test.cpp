#include "lib/wire/provider.h"

#include <chrono>

#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using Kind = model::ProviderAnswer::Kind;
using namespace std::chrono_literals;

namespace {

model::ProviderAnswer answer(std::string_view line) {
  const auto read = wire::provider_answer_from_json(line);
  INFO((read ? "" : read.error().text));
  REQUIRE(read.has_value());
  return *read;
}

}  // namespace

TEST_CASE("a provider's program is told of nodes in one line") {
  model::NodeReference node{
      .name = "c-1", .cluster = "lab", .pool = "c", .id = "i-1", .options = R"({"zone":1})"};
  CHECK(wire::to_json(node) ==
        R"({"name":"c-1","cluster":"lab","pool":"c","id":"i-1","options":{"zone":1}})");
  node.is_extra = true;
  CHECK_THAT(wire::to_json(node), Contains(R"("id":"i-1","extra":true,)"));
  node.name.clear();
  node.options.clear();
  CHECK(wire::to_json(node) == R"({"cluster":"lab","pool":"c","options":{}})");
  model::NodeSpec order;
  order.features = {"ib", "ssd"};
  order.memory = base::Bytes(std::uint64_t{3} << 30);
  order.start_timeout = 1500ms;
  CHECK_THAT(wire::to_json(order), Contains(R"("features":["ib","ssd"])"));
  CHECK_THAT(wire::to_json(order), Contains(R"("memory_mib":3072,)"));
  CHECK_THAT(wire::to_json(order), Contains(R"("start_timeout_s":2,)"));
}

TEST_CASE("the answers of a provider's program are read") {
  CHECK(answer(R"({"name":"c-1","made":true,"id":"i-1"})") ==
        model::ProviderAnswer{.kind = Kind::made, .name = "c-1", .id = "i-1"});
  CHECK(answer(R"({"name":"c-1","error":"","capacity":true})") ==
        model::ProviderAnswer{.kind = Kind::failed, .name = "c-1", .is_capacity = true});
  CHECK(answer(R"({"name":"c-1","ended":true})").kind == Kind::ended);
  CHECK(answer(R"({"name":"c-1"})").kind == Kind::listed);
  CHECK(answer(R"({"name":"c-1","gone":true,"reason":"r"})") ==
        model::ProviderAnswer{.kind = Kind::gone, .name = "c-1", .text = "r"});
  const auto evicted = answer(R"({"name":"c-1","evict":true,"notice_s":30})");
  CHECK(evicted.kind == Kind::evicted);
  CHECK(evicted.notice == 30s);
}

TEST_CASE("the record of where machines of a pool may be is read as it was written") {
  const std::vector<model::ProviderSite> sites{
      {.program = "aws", .cluster = "lab-1", .options = R"({"region":"a"})"},
      {.program = "/opt/old --zone 2", .cluster = "lab-1", .options = ""}};
  CHECK(wire::provider_sites_from_json(wire::to_json(sites)) == sites);
  CHECK_FALSE(wire::provider_sites_from_json("aws\n").has_value());
  CHECK_FALSE(wire::provider_sites_from_json(R"({"sites":[{"cluster":"lab-1"}]})").has_value());
}

TEST_CASE("what is no answer of a provider's program is refused") {
  for (const char* line :
       {"", "c-1", "[]", "{}", R"({"name":""})", R"({"name":7})", R"({"made":true})",
        R"({"name":"c-1","made":"yes"})", R"({"name":"c-1","made":true} and more)",
        R"({"name":"c-1","made":true,"gone":true})", R"({"name":"c-1","evict":true,"notice_s":-1})",
        R"({"name":"c-1","evict":true,"notice_s":4000000000})"}) {
    INFO(line);
    CHECK_FALSE(wire::provider_answer_from_json(line).has_value());
  }
  CHECK_THAT(wire::provider_answer_from_json(R"({"name":"c-1","endde":true})").error().text,
             Contains("ended"));
}
