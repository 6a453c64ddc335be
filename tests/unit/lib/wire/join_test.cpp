#include "lib/wire/join.h"

#include "tests/support/catch.h"

TEST_CASE("requests to join and their answers come back as they went") {
  const model::JoinRequest request{.name = "n1", .secret = "s\xff", .request = "PEM"};
  CHECK(wire::decode_join_request(wire::encode(request)) == request);
  const model::JoinReply given{
      .why = {}, .certificate = "C", .authority = "A", .pool = "default", .address = "10.0.0.7"};
  CHECK(wire::decode_join_reply(wire::encode(given)) == given);
  const model::JoinReply refused{
      .why = "no", .certificate = {}, .authority = {}, .pool = {}, .address = {}};
  CHECK(wire::decode_join_reply(wire::encode(refused)) == refused);
}

TEST_CASE("who asks at a node comes back as it went") {
  const model::Caller caller{.uid = 4'294'967'295, .is_agent = true};
  CHECK(wire::decode_caller(wire::encode(caller)) == caller);
  CHECK_FALSE(wire::decode_caller("\xff\xff").has_value());
}

TEST_CASE("a request or an answer without what matters is refused") {
  CHECK_FALSE(wire::decode_join_request("\xff\xff").has_value());
  CHECK_FALSE(wire::decode_join_request("").has_value());
  CHECK_FALSE(wire::decode_join_request(wire::encode(model::JoinRequest{"n1", "s", ""})));
  CHECK_FALSE(wire::decode_join_reply("").has_value());
  CHECK_FALSE(wire::decode_join_reply("\xff\xff").has_value());
}
