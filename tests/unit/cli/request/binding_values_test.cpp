#include "cli/request/binding_values.h"

#include "cli/request/table.h"
#include "tests/support/catch.h"

namespace {

using Catch::Matchers::Contains;
using model::BindTo;
using model::GpuBind;
using model::MapBy;

base::Result<model::Binding> read_binding(std::vector<std::string> words) {
  words.push_back("prog");
  const auto line =
      options::parse(request::table(request::Place::run), words, options::Operands::end_options);
  REQUIRE(line);
  model::StepSpec step;
  if (auto fine = request::apply_binding(line->given, step); !fine) {
    return std::unexpected(fine.error());
  }
  return step.binding;
}

model::Binding binding_of(std::vector<std::string> words) {
  auto binding = read_binding(std::move(words));
  REQUIRE(binding);
  return *std::move(binding);
}

std::string binding_refusal(std::vector<std::string> words) {
  const auto binding = read_binding(std::move(words));
  return binding ? "" : binding.error().text;
}

std::vector<std::string> lists(const model::Binding& binding) {
  std::vector<std::string> texts;
  for (const auto& cpus : binding.cpus) texts.push_back(to_text(cpus));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("without options a step binds by itself") {
  CHECK(binding_of({}) == model::Binding());
}

TEST_CASE("a rank's memory is bound as the step says") {
  CHECK(binding_of({"--mem-bind=none"}) == model::Binding());
  CHECK(binding_of({"--mem-bind", "local"}).mem_bind == model::MemBind::local);
  CHECK(binding_of({"--mem-bind=prefer"}).mem_bind == model::MemBind::prefer);
  CHECK(binding_of({"--mem-bind=interleave"}).mem_bind == model::MemBind::interleave);
  CHECK(binding_refusal({"--mem-bind=map_mem:0"}) ==
        "--mem-bind: expected none, local, prefer or interleave, found 'map_mem:0'");
  CHECK_THAT(binding_refusal({"--mem-bind=local", "--bind-to=none"}),
             Contains("the memory next to a rank's cores, and --bind-to=none"));
}

TEST_CASE("Open MPI's and Slurm's words for the same binding mean the same") {
  CHECK(binding_of({"--bind-to", "none"}) == binding_of({"--cpu-bind=none"}));
  CHECK(binding_of({"--bind-to", "core"}) == binding_of({"--cpu-bind=cores"}));
  CHECK(binding_of({"--bind-to", "hwthread"}) == binding_of({"--cpu-bind=threads"}));
  CHECK(binding_of({"--bind-to", "numa"}) == binding_of({"--cpu-bind=ldoms"}));
  CHECK(binding_of({"--bind-to", "socket"}) == binding_of({"--cpu-bind=sockets"}));
  CHECK(binding_of({"--map-by", "core"}) == binding_of({"-m", "block:block"}));
  CHECK(binding_of({"--map-by", "socket"}) == binding_of({"--distribution=block:cyclic"}));
  CHECK(binding_of({"--distribution=block"}) == model::Binding());
  CHECK(binding_of({"--map-by=node"}) == binding_of({"--distribution=cyclic"}));
  CHECK(binding_of({"-m", "cyclic:cyclic"}) ==
        model::Binding{.by_node = true, .map_by = MapBy::socket});
  CHECK(binding_of({"--bind-to", "numa"}).bind_to == BindTo::numa);
  CHECK(binding_of({"--bind-to", "hwthread"}) ==
        model::Binding{.bind_to = BindTo::core, .one_thread = true});
  CHECK(binding_of({"--map-by", "numa", "--hint=nomultithread", "-O"}) ==
        model::Binding{.map_by = MapBy::numa, .one_thread = true, .overcommit = true});
}

TEST_CASE("lists of hardware threads and masks are read as srun reads them") {
  CHECK(lists(binding_of({"--cpu-bind=map_cpu:0,4*2,1"})) == Texts{"0", "4", "4", "1"});
  CHECK(lists(binding_of({"--cpu-bind=mask_cpu:0x3,c*2,F0000000000000001"})) ==
        Texts{"0-1", "2-3", "2-3", "0,64-67"});
}

TEST_CASE("GPUs are bound in srun's words") {
  CHECK(binding_of({"--gpu-bind=none"}).gpu_bind == GpuBind::none);
  CHECK(binding_of({"--gpu-bind=closest"}).gpu_bind == GpuBind::closest);
  CHECK(binding_of({"--gpu-bind=single:2"}) ==
        model::Binding{.gpu_bind = GpuBind::single, .ranks_per_gpu = 2});
  CHECK(binding_of({"--gpu-bind=map_gpu:1,0*2"}) ==
        model::Binding{.gpu_bind = GpuBind::map, .gpus = {1, 0, 0}});
}

TEST_CASE("unknown words are refused with those that are known") {
  CHECK(binding_refusal({"--bind-to=board"}) ==
        "--bind-to: expected none, hwthread, core, numa or socket, found 'board'");
  CHECK_THAT(binding_refusal({"--map-by=ppr:2:node"}),
             Contains("expected core, numa, socket or node"));
  for (const std::string wrong : {"plane=4", "cyclic:", "block:fcyclic", ":block"})
    CHECK_THAT(binding_refusal({"--distribution=" + wrong}), Contains("expected block or cyclic"));
  CHECK_THAT(binding_refusal({"--hint=compute_bound"}), Contains("expected nomultithread"));
  for (const std::string wrong :
       {"rank", "map_cpu", "map_cpu:", "map_cpu:x", "map_cpu:1*0", "map_cpu:1*x", "map_cpu:99999",
        "map_cpu:1*100000,2", "mask_cpu:", "mask_cpu:0x", "mask_cpu:g", "mask_cpu:1,,2"}) {
    CAPTURE(wrong);
    CHECK_THAT(binding_refusal({"--cpu-bind=" + wrong}),
               Contains("--cpu-bind: expected none, cores"));
  }
  for (const std::string wrong : {"single", "single:0", "map_gpu:", "map_gpu:-1", "per_task:1"}) {
    CAPTURE(wrong);
    CHECK_THAT(binding_refusal({"--gpu-bind=" + wrong}),
               Contains("--gpu-bind: expected none, closest"));
  }
}

TEST_CASE("options that contradict each other are refused with what to leave out") {
  CHECK(binding_refusal({"--bind-to=core", "--cpu-bind=cores"}) ==
        "--bind-to and --cpu-bind both say where ranks are; leave one of them out");
  CHECK_THAT(binding_refusal({"--map-by=core", "-m", "block"}),
             Contains("--map-by and -m both say"));
  CHECK_THAT(binding_refusal({"--cpu-bind=map_cpu:1", "--map-by=core"}),
             Contains("leave out --bind-to"));
  CHECK_THAT(binding_refusal({"--cpu-bind=mask_cpu:0x0"}), Contains("has no hardware thread"));
}
