#include "cli/request/change.h"

#include <csignal>

#include "cli/request/table.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using model::ChangedField;

namespace {

using Words = std::vector<std::string>;

const auto now = base::time_from_us(1'800'000'000'000'000);

base::Result<model::JobChange> try_change(const Words& words) {
  const auto line =
      options::parse(request::table(request::Place::update), words, options::Operands::anywhere);
  if (!line) return std::unexpected(line.error());
  return request::make_change(line->given, now);
}

model::JobChange change_of(const Words& words) {
  auto made = try_change(words);
  if (!made) FAIL(made.error().text);
  CHECK(is_exact(*made));
  return *made;
}

std::string error_of_change(const Words& words) {
  const auto made = try_change(words);
  return made ? "" : made.error().text;
}

}  // namespace

TEST_CASE("only the options that are given are of a change") {
  const auto made = change_of({"17", "--time", "2h", "-N4", "--priority=high"});
  CHECK(made.fields ==
        std::set{ChangedField::nodes, ChangedField::time_limit, ChangedField::priority});
  CHECK(made.spec.time_limit == base::Duration(2h));
  CHECK(made.spec.shape.nodes == 4);
  CHECK(made.spec.priority == 500);
  CHECK(change_of({"17"}).fields.empty());
  CHECK(change_of({"17", "--dir", "x"}).fields.empty());
}

TEST_CASE("each option of a change sets its field, and names it") {
  const std::vector<std::pair<std::string, ChangedField>> all{
      {"--nodes=2", ChangedField::nodes},
      {"--ntasks=2", ChangedField::tasks},
      {"--ntasks-per-node=2", ChangedField::tasks_per_node},
      {"--cpus-per-task=2", ChangedField::cpus_per_task},
      {"--gpus-per-node=2", ChangedField::gpus_per_node},
      {"--gpus-per-task=2", ChangedField::gpus_per_task},
      {"--mem=2G", ChangedField::memory},
      {"--time=2", ChangedField::time_limit},
      {"--job-name=x", ChangedField::name},
      {"--output=x", ChangedField::output},
      {"--error=x", ChangedField::error},
      {"--priority=2", ChangedField::priority},
      {"--pool=x", ChangedField::pool},
      {"--constraint=x", ChangedField::constraint},
      {"--nodelist=n[1-2]", ChangedField::nodelist},
      {"--exclude=n1", ChangedField::exclude},
      {"--exclusive", ChangedField::exclusive},
      {"--licenses=x:2", ChangedField::licenses},
      {"--booking=x", ChangedField::booking},
      {"--class=x", ChangedField::class_name},
      {"--workspace=x", ChangedField::workspace},
      {"--signal=USR1", ChangedField::save_signal},
      {"--requeue", ChangedField::requeue},
      {"--restart=on=exit", ChangedField::restart},
      {"--hang-timeout=10m", ChangedField::hang_timeout},
      {"--grow-after=10m", ChangedField::grow_after},
      {"--array-limit=2", ChangedField::array_limit},
      {"--begin=now+1hour", ChangedField::begin},
      {"--deadline=now+1hour", ChangedField::deadline},
      {"--dependency=afterok:2", ChangedField::dependency},
      {"--tier=dedicated", ChangedField::tier},
      {"--comment=x", ChangedField::comment}};
  std::set<ChangedField> seen;
  for (const auto& [word, field] : all) {
    CAPTURE(word);
    const auto made = change_of({word});
    CHECK(made.fields == std::set{field});
    CHECK(word.substr(0, word.find('=')) == option_of(field));
    CHECK(model::changed_field_from_text(to_text(field)) == field);
    const bool is_default = made.spec == model::JobSpec{} && !made.array_limit;
    CHECK(is_default == (field == ChangedField::requeue));
    seen.insert(field);
  }
  CHECK(seen.size() == static_cast<std::size_t>(ChangedField::comment) + 1);
  CHECK(change_of({"--mem-per-cpu=1G"}).fields == std::set{ChangedField::memory});
  CHECK_FALSE(change_of({"--no-requeue"}).spec.requeue);
  CHECK_FALSE(model::changed_field_from_text("script"));
}

TEST_CASE("an empty value takes an option back, also one given before it") {
  const auto made =
      change_of({"--deadline=", "--time=2h", "--time=", "--dependency=", "--mem=1G", "--mem="});
  CHECK(made.fields == std::set{ChangedField::deadline, ChangedField::time_limit,
                                ChangedField::dependency, ChangedField::memory});
  CHECK(made.spec == model::JobSpec{});
  CHECK(change_of({"--array-limit="}).fields == std::set{ChangedField::array_limit});
  CHECK_FALSE(change_of({"--array-limit="}).array_limit);
  CHECK(error_of_change({"--job-name="}) ==
        "--job-name: expected a value that is not empty, found ''");
  CHECK(error_of_change({"--output="}) == "--output: expected a value that is not empty, found ''");
}

TEST_CASE("the limit of an array is written as a number or as at the end of --array") {
  CHECK(change_of({"--array-limit=5"}).array_limit == 5);
  CHECK(change_of({"--array-limit", "%5"}).array_limit == 5);
  CHECK(error_of_change({"--array-limit=0"}) ==
        "--array-limit: expected a whole number from 1 to 1000000, found '0'");
}

TEST_CASE("what cannot change after the submission is no option of update") {
  for (const auto* word : {"--hold", "--wrap=x", "--chdir=x", "--export=ALL", "--wait"}) {
    CAPTURE(word);
    CHECK(error_of_change({word}).starts_with("unknown option"));
  }
}
