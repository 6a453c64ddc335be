#include "lib/model/launch.h"

#include "tests/support/catch.h"

TEST_CASE("a socket without a folder lies where the node says") {
  CHECK(model::on_node("unix:api.sock", "/var/n1/run") == "unix:/var/n1/run/api.sock");
  CHECK(model::on_node("unix:7/17.1.0.sock", "/n1/run") == "unix:/n1/run/7/17.1.0.sock");
  CHECK(model::on_node("unix:/d/api.sock", "/var/n1/run") == "unix:/d/api.sock");
  CHECK(model::on_node("", "/var/n1/run").empty());
}

TEST_CASE(
    "nodes with one address are one machine, and so are those of an order without addresses") {
  model::LaunchOrder order{.key = {.job = model::JobId(1), .attempt = 1, .step = {}}};
  CHECK(is_one_machine(order));
  order.addresses = {"127.0.0.1", "127.0.0.1", "127.0.0.1"};
  CHECK(is_one_machine(order));
  order.addresses = {"10.0.0.1"};
  CHECK(is_one_machine(order));
  order.addresses = {"10.0.0.1", "10.0.0.1", "10.0.0.2"};
  CHECK_FALSE(is_one_machine(order));
}
