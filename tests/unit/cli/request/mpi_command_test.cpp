#include "cli/request/mpi_command.h"

#include <set>

#include "cli/request/table.h"
#include "lib/base/text.h"
#include "tests/support/catch.h"

namespace {

using Catch::Matchers::Contains;
using Pairs = std::vector<std::pair<std::string, std::string>>;
using Words = std::vector<std::string>;

base::Result<request::MpiCommand> read_mpi(const std::string& line) {
  Words words;
  for (const auto word : base::split(line, ' ')) words.emplace_back(word);
  return request::read_mpi_command(words);
}

/// The words for muster run, as one line.
std::string run_of(const std::string& line) {
  const auto command = read_mpi(line);
  return command ? base::join(command->run, " ") : command.error().text;
}

}  // namespace

TEST_CASE("the number of ranks is said in each starter's way, or not at all") {
  CHECK(run_of("./a.out -n 3") == "./a.out -n 3");
  CHECK(run_of("-n 4 ./a.out") == "--ntasks=4 ./a.out");
  CHECK(run_of("-np 4 ./a.out") == "--ntasks=4 ./a.out");
  CHECK(run_of("--np=4 ./a.out") == "--ntasks=4 ./a.out");
  CHECK(run_of("-n 8 --ppn 4 ./a.out") == "--ntasks=8 --ntasks-per-node=4 ./a.out");
  CHECK(run_of("-n 2 --depth=3 --cpu-bind depth ./a.out") ==
        "--ntasks=2 --cpus-per-task=3 --cpu-bind=cores ./a.out");
}

TEST_CASE("mapping and binding keep their meaning") {
  CHECK(run_of("--map-by slot a") == "a");
  CHECK(run_of("--map-by socket:PE=4 a") == "--map-by=socket --cpus-per-task=4 a");
  CHECK(run_of("--map-by package --bind-to package a") == "--map-by=socket --bind-to=socket a");
  CHECK(run_of("--map-by ppr:2:node:PE=3:OVERSUBSCRIBE a") ==
        "--ntasks-per-node=2 --cpus-per-task=3 --overcommit a");
  CHECK(run_of("--map-by node:PE=2 a") == "--map-by=node --cpus-per-task=2 a");
  CHECK_THAT(run_of("--map-by board a"), Contains("'board' is not known here"));
  CHECK_THAT(run_of("--map-by ppr:2:socket a"), Contains("expected slot, core, numa, socket"));
  CHECK_THAT(run_of("--map-by core:SPAN a"), Contains("'SPAN' is not known"));
}

TEST_CASE("variables and parameters are set for the ranks") {
  const auto command = read_mpi(
      "-x A=1 -x HOME -env B 2 --env C=3 -genv D=4=4 --mca btl self,tcp -gmca pml ob1 prog -x no");
  REQUIRE(command);
  CHECK(command->environment == Pairs{{"A", "1"},
                                      {"B", "2"},
                                      {"C", "3"},
                                      {"D", "4=4"},
                                      {"OMPI_MCA_btl", "self,tcp"},
                                      {"OMPI_MCA_pml", "ob1"}});
  CHECK(command->run == Words{"prog", "-x", "no"});
}

TEST_CASE("what changes nothing is granted, and what does nothing is said") {
  const auto command =
      read_mpi("--allow-run-as-root -q -l --hostfile hosts --line-buffer --stdin none prog");
  REQUIRE(command);
  CHECK(command->run == Words{"--label", "--no-stdin", "prog"});
  REQUIRE(command->notes.size() == 2);
  CHECK_THAT(command->notes[0], Contains("--hostfile is not used"));
  CHECK_THAT(command->notes[1], Contains("--line-buffer does nothing"));
}

TEST_CASE("a starter's command line that makes no sense is refused with the word") {
  CHECK_THAT(run_of("--oversubscrib a"), Contains("did you mean '-oversubscribe'?"));
  CHECK_THAT(run_of("-n"), Contains("-n needs a value: COUNT"));
  CHECK_THAT(run_of("-env A"), Contains("-env needs a value: NAME VALUE"));
  CHECK_THAT(run_of("-n 4"), Contains("expected a program"));
  CHECK_THAT(run_of("-l=yes a"), Contains("-l takes no value, but has 'yes'"));
  CHECK_THAT(run_of("--host n1,n2 a"), Contains("submit --nodelist"));
  CHECK_THAT(run_of("--stdin all a"), Contains("expected 0 or none"));
  CHECK_THAT(run_of("-n 1 ./a : -n 2 ./b"), Contains("parted by ':'"));
}

TEST_CASE("every option of a starter stands once, and for an option that muster run has") {
  std::set<std::string_view> names;
  for (const auto& option : request::mpi_options()) {
    CAPTURE(option.names);
    for (const auto name : base::split(option.names, ' ')) CHECK(names.insert(name).second);
    if (option.target.empty()) continue;
    int n_found = 0;
    for (const auto& own : request::table(request::Place::run)) {
      if (option.target == "--" + std::string(own.name)) {
        ++n_found;
        CHECK(own.takes_value() != option.placeholder.empty());
      }
    }
    CHECK(n_found == 1);
  }
}

TEST_CASE("starters are known by their names") {
  CHECK(request::is_mpi_starter("mpirun"));
  CHECK(request::is_mpi_starter("mpiexec.hydra"));
  CHECK_FALSE(request::is_mpi_starter("muster"));
}
