#include "lib/model/image.h"

#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using model::ImageKind;

namespace {

bool is_image(const std::string& reference) {
  model::Image image;
  image.reference = reference;
  return model::check(image).has_value();
}

}  // namespace

TEST_CASE("what an image is, is seen by its reference") {
  CHECK(model::kind_of("/images/debian") == ImageKind::folder);
  CHECK(model::kind_of("/images/debian.tar.gz") == ImageKind::tar);
  CHECK(model::kind_of("/images/debian.sif") == ImageKind::file);
  CHECK(model::kind_of("/images/debian.sqfs") == ImageKind::file);
  CHECK(model::kind_of("oci-archive:/images/debian.tar") == ImageKind::archive);
  CHECK(model::kind_of("docker-archive:/images/debian.tar") == ImageKind::archive);
  CHECK(model::kind_of("docker://debian:12") == ImageKind::registry);
  CHECK(model::kind_of("registry.example.org:5000/a/b@sha256:0123") == ImageKind::registry);
  CHECK(model::path_of("oci-archive:/images/debian.tar") == "/images/debian.tar");
  CHECK(model::path_of("/images/debian") == "/images/debian");
  CHECK(model::path_of("debian:12").empty());
}

TEST_CASE("what is no image is refused, and said") {
  for (const auto* good : {"/images/a", "debian", "docker://a/b:1", "docker-archive:/a.tar"}) {
    CAPTURE(good);
    CHECK(is_image(good));
  }
  for (const auto* bad : {"./here", "../there", "-v", "docker://", "docker://-v",
                          "oci-archive:a.tar", "a b", "a;b", "/", "/a\nb", "$(x)"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_image(bad));
  }
  model::Image image;
  image.reference = "here is none";
  CHECK_THAT(model::check(image).error().text,
             Contains("'here is none' is no image; expected /FOLDER"));
  image.reference = "debian";
  image.auth = "auth.json";
  CHECK_THAT(model::check(image).error().text, Contains("expected an absolute path"));
}

TEST_CASE("each runtime has a name") {
  using enum model::ContainerRuntime;
  for (const auto runtime : {automatic, bubblewrap, charliecloud, apptainer, podman})
    CHECK(model::container_runtime_from_text(to_text(runtime)) == runtime);
  CHECK_FALSE(model::container_runtime_from_text("docker"));
}
