#include "lib/model/binding.h"

#include <array>

#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using model::Binding;
using model::BindTo;
using model::GpuBind;
using model::MapBy;

namespace {

std::string binding_refusal(const Binding& binding, std::optional<int> gpus_per_task = {}) {
  const auto checked = check(binding, gpus_per_task);
  return checked ? "" : checked.error().text;
}

}  // namespace

TEST_CASE("the words of a binding are read as they are written") {
  for (const auto one : {BindTo::none, BindTo::core, BindTo::numa, BindTo::socket})
    CHECK(model::bind_to_from_text(to_text(one)) == one);
  for (const auto one : {MapBy::core, MapBy::numa, MapBy::socket})
    CHECK(model::map_by_from_text(to_text(one)) == one);
  for (const auto one : {GpuBind::none, GpuBind::closest, GpuBind::single, GpuBind::map})
    CHECK(model::gpu_bind_from_text(to_text(one)) == one);
  CHECK_FALSE(model::bind_to_from_text("board"));
  CHECK_FALSE(model::map_by_from_text(""));
  CHECK_FALSE(model::gpu_bind_from_text("per_task"));
}

TEST_CASE("bindings that make sense are accepted") {
  CHECK(binding_refusal({}).empty());
  CHECK(binding_refusal({.bind_to = BindTo::numa, .map_by = MapBy::socket, .one_thread = true})
            .empty());
  CHECK(binding_refusal({.cpus = {model::CpuSet::range(0, 2)}, .overcommit = true}).empty());
  CHECK(binding_refusal({.bind_to = BindTo::none, .gpu_bind = GpuBind::none}, 2).empty());
  CHECK(binding_refusal({.gpu_bind = GpuBind::single, .ranks_per_gpu = 2}, 1).empty());
  CHECK(binding_refusal({.gpu_bind = GpuBind::map, .gpus = {1, 0}}).empty());
}

TEST_CASE("bindings that contradict themselves are refused, with what to leave out") {
  const std::vector list{model::CpuSet::range(0, 1)};
  CHECK_THAT(binding_refusal({.bind_to = BindTo::core, .cpus = list}),
             Contains("leave out --bind-to"));
  CHECK_THAT(binding_refusal({.map_by = MapBy::core, .cpus = list}),
             Contains("leave out --bind-to"));
  CHECK_THAT(binding_refusal({.one_thread = true, .cpus = list}), Contains("leave out --bind-to"));
  CHECK_THAT(binding_refusal({.cpus = {model::CpuSet()}}), Contains("has no hardware thread"));
  CHECK_THAT(binding_refusal({.bind_to = BindTo::none, .map_by = MapBy::numa}),
             Contains("--bind-to=none"));
  CHECK_THAT(binding_refusal({.bind_to = BindTo::none, .one_thread = true}),
             Contains("--bind-to=none"));
  CHECK_THAT(binding_refusal({.gpu_bind = GpuBind::single}), Contains("single:1"));
  CHECK_THAT(binding_refusal({.ranks_per_gpu = 1}), Contains("single:1"));
  CHECK_THAT(binding_refusal({.gpu_bind = GpuBind::map}), Contains("map_gpu:0,1"));
  CHECK_THAT(binding_refusal({.gpus = {0}}), Contains("map_gpu:0,1"));
  CHECK_THAT(binding_refusal({.bind_to = BindTo::none, .gpu_bind = GpuBind::closest}),
             Contains("leave out --bind-to=none"));
  CHECK_THAT(binding_refusal({.cpus = list, .gpu_bind = GpuBind::closest}),
             Contains("lists of --cpu-bind"));
  CHECK_THAT(binding_refusal({.gpu_bind = GpuBind::single, .ranks_per_gpu = 1}, 2),
             Contains("--gpus-per-task asks for 2"));
  CHECK_THAT(binding_refusal({.gpu_bind = GpuBind::map, .gpus = {0}}, 2),
             Contains("--gpu-bind=map_gpu"));
}
