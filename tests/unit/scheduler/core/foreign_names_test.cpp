// Names of another site in scripts of other schedulers: left out with a note, or refused.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using Catch::Matchers::Contains;

namespace {

using Change = std::function<void(model::JobSpec&)>;

scheduler::Settings home() {
  scheduler::Settings settings;
  settings.pools = {"small", "large"};
  settings.marks = {{.pool = "large", .names = {}, .features = {"ib"}, .switches = {}}};
  settings.licenses = {{"solver", 2}};
  settings.workspaces = scheduler::Workspaces({{.name = "chem", .shares = 1, .users = {}}});
  return settings;
}

class Customs {
 public:
  explicit Customs(scheduler::Settings settings = home()) : controller(std::move(settings)) {
    controller.join(node("s1", 4, 0, "small"));
    auto big = node("l1", 8, 2, "large");
    for (auto& gpu : big.topology.gpus) gpu.kind = "NVIDIA H100 80GB HBM3";
    controller.join(big);
  }

  /// What became of a submission in the words of Slurm.
  base::Result<scheduler::Answer> ask(const Change& change,
                                      model::Dialect dialect = model::Dialect::slurm) {
    auto spec = **job();
    spec.dialect = dialect;
    change(spec);
    return controller.ask(scheduler::SubmitJob{controller.next_request(), user(),
                                               std::make_shared<const model::JobSpec>(spec)});
  }
  std::vector<std::string> notes_of(const Change& change) {
    const auto answer = ask(change);
    INFO((answer ? "" : answer.error().text));
    REQUIRE(answer.has_value());
    const auto& submitted = std::get<scheduler::Submitted>(*answer);
    last = *controller.engine().state().jobs.at(submitted.job).spec;
    return submitted.notes;
  }

  Controller controller;
  model::JobSpec last;  // as it was accepted
};

}  // namespace

TEST_CASE("a name that the cluster does not know is left out, with a note") {
  Customs site;
  CHECK(site.notes_of([](auto& spec) { spec.pool = "gpu_a100"; }) ==
        std::vector<std::string>{"there is no pool 'gpu_a100' here: it is left out, and any pool "
                                 "will do (known: large, small)"});
  CHECK(site.last.pool.empty());
  CHECK_THAT(site.notes_of([](auto& spec) { spec.class_name = "qos-4h"; }).at(0),
             Contains("there is no class 'qos-4h' here"));
  CHECK(site.last.class_name.empty());
  CHECK_THAT(site.notes_of([](auto& spec) { spec.workspace = "abc123"; }).at(0),
             Contains("charged to its user alone (known: chem)"));
  CHECK(site.last.workspace.empty());
  CHECK_THAT(site.notes_of([](auto& spec) { spec.choice.booking = "course"; }).at(0),
             Contains("there is no booking 'course' here"));
  CHECK(site.last.choice.booking.empty());
  CHECK_THAT(site.notes_of([](auto& spec) { spec.choice.gpu_kind = "v100"; }).at(0),
             Contains("there is no kind of GPU 'v100' here"));
  CHECK(site.last.choice.gpu_kind.empty());
  CHECK_THAT(
      site.notes_of([](auto& spec) { spec.licenses = {{"fluent", 3}, {"solver", 1}}; }).at(0),
      Contains("there is no license 'fluent' here"));
  CHECK(site.last.licenses == model::Licenses{{"solver", 1}});
}

TEST_CASE("of several partitions the first that is known is used") {
  Customs site;
  const auto several = [](auto& spec) { spec.pool = "batch,large,small"; };
  CHECK(site.notes_of(several) ==
        std::vector<std::string>{"a job uses nodes of one pool: of 'batch,large,small', 'large'"});
  CHECK(site.last.pool == "large");
  auto settings = home();
  settings.leave_out_foreign_names = false;
  Customs strict(settings);
  CHECK(strict.notes_of(several).size() == 1);
  CHECK(strict.last.pool == "large");
}

TEST_CASE("of a constraint the parts stay that some node can meet") {
  Customs site;
  const auto notes = site.notes_of(
      [](auto& spec) { spec.choice.constraint = *model::constraint_from_text("ib&skylake|ib"); });
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Contains("there is no feature 'skylake'") && Contains("'ib&skylake'"));
  CHECK(to_text(site.last.choice.constraint) == "ib");
}

TEST_CASE("names that are known stay, and need no note") {
  Customs site;
  CHECK(site.notes_of([](auto& spec) {
              spec.pool = "large";
              spec.class_name = "low";
              spec.workspace = "chem";
              spec.choice.gpu_kind = "h100";
              spec.choice.constraint = *model::constraint_from_text("ib");
            })
            .empty());
  CHECK(site.last.pool == "large");
  CHECK(site.last.workspace == "chem");
}

TEST_CASE("a native request, and a site that wants it so, take an unknown name for a mistake") {
  Customs site;
  const auto wrong = [](auto& spec) { spec.pool = "gpu_a100"; };
  CHECK(site.ask(wrong, model::Dialect::native).error().code == base::Code::not_found);
  auto settings = home();
  settings.leave_out_foreign_names = false;
  Customs strict(settings);
  CHECK(strict.ask(wrong).error().code == base::Code::not_found);
}

TEST_CASE("what is asked about a request leaves out the same names") {
  Customs site;
  auto spec = **job();
  spec.dialect = model::Dialect::pbs;
  spec.pool = "workq";
  CHECK(site.controller.engine().advise(user(), spec, site.controller.now()).has_value());
}
