#include "lib/model/dependency.h"

#include "lib/model/reason.h"
#include "tests/support/catch.h"

namespace {

std::string error_of(std::string_view text) {
  const auto dependency = model::dependency_from_text(text);
  return dependency ? "" : dependency.error().text;
}

/// What a text becomes when it is read and written again.
std::string again(std::string_view text) {
  const auto dependency = model::dependency_from_text(text);
  return dependency ? to_text(*dependency) : dependency.error().text;
}

}  // namespace

TEST_CASE("a dependency has a term for each job") {
  const auto read = model::dependency_from_text("afterok:12:13,after:14+5,singleton");
  REQUIRE(read.has_value());
  CHECK_FALSE(read->is_any);
  REQUIRE(read->terms.size() == 4);
  CHECK(read->terms[1].job == model::JobId(13));
  CHECK(read->terms[2].delay == std::chrono::minutes(5));
  CHECK(again("afterok:12:13,after:14+5,singleton") ==
        "afterok:12,afterok:13,after:14+5,singleton");
  CHECK(again("afterany:1?afternotok:2") == "afterany:1?afternotok:2");
  CHECK(again("aftercorr:7") == "aftercorr:7");
  CHECK(again("") == "");
}

TEST_CASE("a dependency that cannot be read says which part is wrong") {
  CHECK(error_of("afterok:1,afterany:2?after:3").find("some by '?'") != std::string::npos);
  CHECK(error_of("aftrok:1") == "there is no dependency 'aftrok'; did you mean 'afterok'?");
  CHECK(error_of("afterok") == "afterok names no job; expected its id, as in afterok:17");
  CHECK(error_of("afterok:") == "'' is not the id of a job; expected a number such as afterok:17");
  CHECK(error_of("afterok:0").find("'0' is not the id") == 0);
  CHECK(error_of("afterok:-3").find("'-3' is not the id") == 0);
  CHECK(error_of("afterok:3+5").find("only after takes a delay") != std::string::npos);
  CHECK(error_of("after:3+x").find("number of minutes") != std::string::npos);
  CHECK(error_of("singleton:4") == "'singleton:4': singleton names no jobs; leave ':4' out");
  CHECK(error_of("afterok:1,,afterok:2").find("there is no dependency ''") == 0);
}

TEST_CASE("a dependency that is open is told with the state of each job") {
  const model::DependsOn reason{
      true,
      {{{model::DependencyKind::afterok, model::JobId(12), {}},
        model::JobId(12),
        model::JobState::running},
       {{model::DependencyKind::singleton}, model::JobId(9), model::JobState::waiting}},
      3};
  CHECK(describe(model::Reason(reason)) ==
        "waits for one of afterok:12 (job 12 is running), singleton (job 9 is waiting), 1 more");
  CHECK(describe(model::Reason(model::BeginTime{base::time_from_us(0)})) ==
        "starts not before 1970-01-01T00:00:00.000Z");
}
