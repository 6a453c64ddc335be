#include "cli/render/json.h"

#include "tests/support/catch.h"

namespace {

std::string line_of(std::string_view json) {
  render::NodeNames names{{"3", "n3"}};
  const auto line =
      render::event_line(json, [](std::string_view) { return std::string("NOW"); }, names);
  return line ? *line : line.error().text;
}

}  // namespace

TEST_CASE("JSON is indented and keeps the order of its fields") {
  CHECK(*render::pretty(R"({"b":1,"a":[true,"x"]})") ==
        "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    \"x\"\n  ]\n}\n");
  CHECK(render::pretty("nonsense").error().code == base::Code::corrupt);
}

TEST_CASE("pages of a listing become one, in the order of the listing") {
  const std::vector<std::string> pages{R"({"jobs":[{"job":1},{"job":4}],"next":4})",
                                       R"({"jobs":[{"job":5},{"job":2}]})"};
  const std::vector<model::JobId> jobs{model::JobId(2), model::JobId(4)};
  CHECK(*render::pretty_pages(pages, jobs) ==
        "{\n  \"jobs\": [\n    {\n      \"job\": 2\n    },\n    {\n      \"job\": 4\n    }\n  "
        "]\n}\n");
  CHECK(*render::pretty_pages({}, {}) == "{\n  \"jobs\": []\n}\n");
}

TEST_CASE("an event is one line") {
  CHECK(line_of(R"({"seq":"4","at":"2026-01-01T00:00:00Z","kind":"node_joined","node":1,)"
                R"("node_name":"n1","pool":"p","cores":2,"gpus":0})") ==
        "NOW  node_joined node=n1 pool=p cores=2 gpus=0");
  CHECK(line_of(R"({"at":"","kind":"attempt_started","job":7,"attempt":2,"nodes":"n[1-2]",)"
                R"("allocation":{"nodes":[]}})") ==
        "NOW  attempt_started job=7 attempt=2 nodes=n[1-2]");
  CHECK(line_of(R"({"at":"","kind":"job_ended","job":7,"outcome":{"ending":"failed",)"
                R"("failure":{"sentence":"the script on n1 exited with code 3"}}})") ==
        "NOW  job_ended job=7 failed: the script on n1 exited with code 3");
  CHECK(line_of(R"({"at":"","kind":"launch_ended","job":7,"exit_code":1,)"
                R"("failure":{"sentence":"rank 2 ended"}})") ==
        "NOW  launch_ended job=7 exit_code=1: rank 2 ended");
  CHECK(line_of(R"({"at":"","kind":"job_updated","job":7,"by":"ann","fields":["pool","name"]})") ==
        "NOW  job_updated job=7 by=ann changed=pool,name");
  CHECK(line_of(R"({"at":"","kind":"node_lost","node":3})") == "NOW  node_lost node=n3");
  CHECK(line_of(R"({"at":"","kind":"node_lost","node":4})") == "NOW  node_lost node=4");
  CHECK(line_of(R"({"at":"","kind":"node_conditioned","node":3,"fitness":"ready",)"
                R"("failing":[{"gpu":1,"text":"GPU 1 is out of service: Xid 79"}]})") ==
        "NOW  node_conditioned node=n3: GPU 1 is out of service: Xid 79");
  CHECK(line_of("[]") == "an event is no JSON object: []");
}
