#include "cli/request/preparation_values.h"

#include "cli/dialect/submission.h"
#include "cli/request/submission.h"
#include "cli/request/table.h"
#include "tests/support/catch.h"

using Catch::Matchers::Contains;

namespace {

using Words = std::vector<std::string>;

base::Result<model::Preparation> preparation_of(const Words& words,
                                                const std::string& directives = "") {
  const auto line =
      options::parse(request::table(request::Place::submit), words, options::Operands::end_options);
  REQUIRE(line);
  const request::ScriptFile script{"t.sh", "#!/bin/sh\n" + directives + "echo\n"};
  const auto made = dialect::make_submission(*line, script, {"/home/ann", {}, {}});
  if (!made) return std::unexpected(made.error());
  return made->spec.preparation;
}

}  // namespace

TEST_CASE(
    "what is done on a job's nodes before its script is asked for by options and directives") {
  const auto made = preparation_of(
      {"--prepare=./get", "--mount", "bind:/data:data:ro", "--mount-timeout=5s", "t.sh"},
      "#SUBMIT --mount=tmpfs::fast --prepare-timeout=2m --job-tmp\n");
  REQUIRE(made);
  CHECK(made->command == "./get");
  CHECK(made->time_limit == std::chrono::minutes(2));
  CHECK(made->mount_limit == std::chrono::seconds(5));
  CHECK(made->has_job_tmp);
  CHECK_FALSE(made->has_shared_tmp);
  REQUIRE(made->mounts.size() == 2);
  CHECK(preparation_of({"--shared-tmp", "t.sh"})->has_shared_tmp);
  CHECK_FALSE(preparation_of({"t.sh"})->is_wanted());

  const auto after =
      preparation_of({"--epilog=./save", "--epilog-timeout=5m", "--job-tmp-limit=20G", "t.sh"});
  REQUIRE(after);
  CHECK(after->epilog == "./save");
  CHECK(after->epilog_limit == std::chrono::minutes(5));
  CHECK(after->job_tmp_limit == base::Bytes(std::uint64_t{20} << 30));
  CHECK(after->has_job_tmp);
  CHECK(preparation_of({"--epilog=./save", "t.sh"})->is_wanted());
}

TEST_CASE("a preparation that cannot be meant is refused") {
  const auto error_of = [](const Words& words) {
    const auto made = preparation_of(words);
    return made ? std::string() : made.error().text;
  };
  CHECK_THAT(error_of({"--prepare=", "t.sh"}), Contains("a line of shell"));
  CHECK_THAT(error_of({"--prepare-timeout=0s", "t.sh"}), Contains("a second or more"));
  CHECK_THAT(error_of({"--mount=bind:/a:x", "--mount=bind:/b:x", "t.sh"}),
             Contains("something is mounted on 'x' already: bind:/a:x"));
  CHECK_THAT(error_of({"--epilog-timeout=5m", "t.sh"}), Contains("no --epilog whose time"));
  CHECK_THAT(error_of({"--job-tmp-limit=0", "t.sh"}), Contains("a size above 0"));
  CHECK_THAT(error_of({"--mount=disk:/a:x", "t.sh"}), Contains("no kind of mount"));
}

TEST_CASE("a job asks for an image, and for what belongs to it") {
  const auto made = preparation_of(
      {"--image=docker://team/tool:1", "--image-runtime=podman", "--shm-size=2G", "t.sh"},
      "#SUBMIT --image-auth=/home/ann/auth.json --image-timeout=5m\n");
  REQUIRE(made);
  CHECK(made->image == model::Image{.reference = "docker://team/tool:1",
                                    .runtime = model::ContainerRuntime::podman,
                                    .auth = "/home/ann/auth.json",
                                    .shm = base::Bytes(std::uint64_t{2} << 30),
                                    .time_limit = std::chrono::minutes(5)});
  CHECK(made->is_wanted());
  const auto wrong = [](const Words& words) { return preparation_of(words).error().text; };
  CHECK_THAT(wrong({"--image=./x", "t.sh"}), Contains("--image: './x' is no image"));
  CHECK_THAT(wrong({"--image=", "t.sh"}), Contains("expected an image"));
  CHECK_THAT(wrong({"--image=a", "--image-runtime=docker", "t.sh"}), Contains("or podman, found"));
  CHECK_THAT(wrong({"--image=a", "--image-auth=x", "t.sh"}),
             Contains("the absolute path of a file"));
  CHECK_THAT(wrong({"--shm-size=1G", "t.sh"}), Contains("there is no --image that it is for"));
  CHECK_THAT(wrong({"--image-timeout=1m", "t.sh"}), Contains("there is no --image"));
}
