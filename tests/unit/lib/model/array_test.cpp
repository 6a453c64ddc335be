#include "lib/model/array.h"

#include "tests/support/catch.h"

namespace {

std::string array_again(std::string_view text) {
  const auto array = model::array_from_text(text);
  return array ? to_text(*array) : array.error().text;
}

std::string array_error(std::string_view text) {
  const auto array = model::array_from_text(text);
  return array ? "" : array.error().text;
}

}  // namespace

TEST_CASE("lists of tasks are read, and written as short as they get") {
  CHECK(array_again("0-999999%200") == "0-999999%200");
  CHECK(array_again("1-10:2") == "1-9:2");
  CHECK(array_again("1,3,5-7") == "1,3,5-7");
  CHECK(array_again("7") == "7");
  CHECK(array_again("4-4%1") == "4%1");
  CHECK(array_again("5,4,3") == "3-5");
  CHECK(array_again("1,3,5,7,8") == "1-5:2,7-8");
  CHECK(array_again("4-4000000:4") == "4-4000000:4");
  CHECK(array_again("3999999,4000000") == "3999999-4000000");
  CHECK(array_again("0-10:5,20") == "0-10:5,20");
  CHECK(model::ranges_text({}).empty());
}

TEST_CASE("what is written is read again as the same") {
  std::uint32_t seed = 1;
  for (int round = 0; round < 300; ++round) {
    model::IndexSet tasks;
    for (int i = 0; i < round; ++i) {
      seed = seed * 1664525U + 1013904223U;
      tasks.add(static_cast<int>((seed >> 8) % 300U));
    }
    const auto read = model::tasks_from_text(model::ranges_text(tasks));
    REQUIRE(read.has_value());
    CHECK(*read == tasks);
  }
}

TEST_CASE("wrong lists are refused with the nearest that could run") {
  CHECK(array_error("") ==
        "'' is not a list of tasks; expected numbers and ranges such as 0-99, "
        "1-10:2 or 1,3,5-7");
  CHECK(array_error("%5").find("is not a list of tasks") != std::string::npos);
  CHECK(array_error("1,,2").find("'' is not a list") == 0);
  CHECK(array_error("a-b").find("'a-b' is not a list") == 0);
  CHECK(array_error("-3").find("'-3' is not a list") == 0);
  CHECK(array_error("5:2").find("'5:2' is not a list") == 0);
  CHECK(array_error("10-1") == "'10-1' goes backwards; expected 1-10");
  CHECK(array_error("0-5000000") ==
        "'0-5000000' has the index 5000000; the highest that can be is 4000000");
  CHECK(array_error("99999999999999999999").find("is not a list") != std::string::npos);
  CHECK(array_error("0-1999999") ==
        "'0-1999999' has 2000000 tasks; the most that one array can have is 1000000, as in "
        "0-999999");
  CHECK(array_error("0-3999999:2").find("as in 0-1999998:2") != std::string::npos);
  CHECK(array_error("0-999999,2000000") ==
        "'0-999999,2000000' has 1000001 tasks; the most that one array can have is 1000000");
  CHECK(array_error("1-10:0") == "'1-10:0' has the step '0'; expected a number from 1 to 4000000");
  CHECK(array_error("1-10%0") ==
        "'%0' is not how many tasks may run at a time; expected %1 to %1000000");
  CHECK(array_error("1-10%").find("'%' is not how many") == 0);
}

TEST_CASE("the numbers of an array's tasks follow its own, in order of the indices") {
  const auto tasks = *model::tasks_from_text("1,3,5-7");
  CHECK(model::task_job(model::JobId(17), tasks, 1) == model::JobId(18));
  CHECK(model::task_job(model::JobId(17), tasks, 6) == model::JobId(21));
}
