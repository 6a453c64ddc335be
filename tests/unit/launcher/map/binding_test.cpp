// What users say about binding, on a machine of two sockets with two memory domains each; a domain
// has four cores of two hardware threads, core i has i and i + 16.

#include <array>

#include "launcher/map/placement.h"
#include "lib/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/machines.h"

namespace {

using Catch::Matchers::Contains;
using model::BindTo;
using model::GpuBind;
using model::MapBy;

struct Bound {
  int ranks = 1;
  int cores_per_rank = 1;
  model::Binding binding;
  std::vector<int> gpus;  // of the machine: their domains
  int without_gpus = 0;   // the first of them are not the job's
  std::optional<int> gpus_per_task;
  model::CoreSet cores = model::CoreSet::range(0, 16);

  base::Result<mapping::Placement> map() const {
    const auto machine = support::with_gpus(
        support::Machine{.packages = 2, .domains = 2, .cores = 4, .threads = 2}.topology(), gpus);
    auto step = std::make_shared<model::StepSpec>();
    step->cpus_per_task = cores_per_rank;
    step->gpus_per_task = gpus_per_task;
    step->binding = binding;
    model::LaunchOrder order{
        .key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)},
        .job = std::make_shared<model::JobSpec>(),
        .step = step,
        .tasks = {ranks}};
    const int n_gpus = static_cast<int>(gpus.size()) - without_gpus;
    order.allocation.nodes.push_back({.node = model::NodeId(1),
                                      .name = "n1",
                                      .tasks = ranks,
                                      .cores = cores,
                                      .gpus = model::GpuSet::range(without_gpus, n_gpus)});
    return mapping::map_ranks(order, machine);
  }

  mapping::Placement placement() const {
    auto mapped = map();
    REQUIRE(mapped);
    return *std::move(mapped);
  }
  std::vector<std::string> cpus() const {
    std::vector<std::string> texts;
    for (const auto& rank : placement().ranks) texts.push_back(to_text(rank.cpus));
    return texts;
  }
  std::vector<std::string> seen_gpus() const {
    std::vector<std::string> texts;
    for (const auto& rank : placement().ranks) texts.push_back(to_text(rank.gpus));
    return texts;
  }
  std::string refusal() const {
    const auto mapped = map();
    return mapped ? "" : mapped.error().text;
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("mapped by core, ranks have the next cores") {
  CHECK(Bound{.ranks = 3, .cores_per_rank = 3, .binding = {.map_by = MapBy::core}}.cpus() ==
        Texts{"0-2,16-18", "3-5,19-21", "6-8,22-24"});
}

TEST_CASE("mapped by memory domain, the next rank is in the next one with room") {
  CHECK(Bound{.ranks = 6, .binding = {.map_by = MapBy::numa, .one_thread = true}}.cpus() ==
        Texts{"0", "4", "8", "12", "2", "6"});
  const auto small = model::CoreSet::range(0, 5);  // one core of the second domain
  CHECK(Bound{.ranks = 4, .binding = {.map_by = MapBy::numa, .one_thread = true}, .cores = small}
            .cpus() == Texts{"0", "4", "1", "2"});
}

TEST_CASE("mapped by socket, the next rank is in the next socket") {
  CHECK(Bound{.ranks = 4, .binding = {.map_by = MapBy::socket, .one_thread = true}}.cpus() ==
        Texts{"0", "8", "4", "12"});
  CHECK(Bound{.ranks = 2,
              .cores_per_rank = 6,
              .binding = {.map_by = MapBy::socket, .one_thread = true}}
            .cpus() == Texts{"0-5", "8-13"});
}

TEST_CASE("ranks wider than a domain are spread over the sockets, in order") {
  CHECK(Bound{.ranks = 2, .cores_per_rank = 8, .binding = {.one_thread = true}}.cpus() ==
        Texts{"0-7", "8-15"});
  CHECK(Bound{.ranks = 3, .cores_per_rank = 5, .binding = {.one_thread = true}}.cpus() ==
        Texts{"0-4", "5-7,13-14", "8-12"});
}

TEST_CASE("bound to domains or sockets, ranks may use all cores of theirs that the job has") {
  CHECK(Bound{.ranks = 2, .binding = {.bind_to = BindTo::numa}}.cpus() ==
        Texts{"0-3,16-19", "8-11,24-27"});
  CHECK(Bound{.ranks = 2, .binding = {.bind_to = BindTo::socket}}.cpus() ==
        Texts{"0-7,16-23", "8-15,24-31"});
  CHECK(Bound{.ranks = 2,
              .binding = {.bind_to = BindTo::socket, .one_thread = true},
              .cores = model::CoreSet::range(2, 9)}
            .cpus() == Texts{"2-7", "8-10"});
  CHECK(Bound{.ranks = 2, .binding = {.bind_to = BindTo::numa}}.placement().ranks[1].numa ==
        model::IndexSet::range(2, 1));
}

TEST_CASE("ranks that are not to be bound are not, and the map says so") {
  const auto placement = Bound{.ranks = 2, .binding = {.bind_to = BindTo::none}}.placement();
  CHECK(placement.ranks[0].cpus.empty());
  CHECK(placement.unbound == "as --bind-to=none or --cpu-bind=none asks");
  CHECK_FALSE(placement.oversubscribed);
  CHECK(Bound{.ranks = 17, .binding = {.bind_to = BindTo::none}}.placement().oversubscribed);
}

TEST_CASE("lists of hardware threads are used in turn") {
  const Bound bound{.ranks = 3,
                    .binding = {.cpus = {model::CpuSet::range(3, 1), model::CpuSet::range(12, 2)}}};
  CHECK(bound.cpus() == Texts{"3", "12-13", "3"});
  CHECK_FALSE(bound.placement().oversubscribed);
  CHECK(to_text(bound.placement().ranks[1].numa) == "3");
  CHECK(Bound{.ranks = 2, .binding = {.cpus = {model::CpuSet::range(3, 1)}}}
            .placement()
            .oversubscribed);
}

TEST_CASE("a list with hardware threads that the job does not have is refused") {
  CHECK(Bound{.ranks = 2,
              .binding = {.cpus = {model::CpuSet::range(1, 1), model::CpuSet::range(3, 2)}},
              .cores = model::CoreSet::range(0, 4)}
            .refusal() ==
        "--cpu-bind puts rank 1 on the hardware threads 3-4, and the job has only 0-3,16-19 there; "
        "name some of these");
}

TEST_CASE("with too few cores nobody is bound, unless the user wants it otherwise") {
  const Bound many{.ranks = 17, .binding = {.overcommit = true}};
  CHECK(many.placement().oversubscribed);
  CHECK_THAT(many.placement().unbound, Contains("17 ranks of 1 core each need more than the 16"));
  for (const model::Binding& binding :
       {model::Binding{.bind_to = BindTo::core}, model::Binding{.map_by = MapBy::core},
        model::Binding{.one_thread = true}}) {
    CHECK_THAT((Bound{.ranks = 17, .binding = binding}.refusal()),
               Contains("run fewer ranks, or leave out --bind-to"));
  }
}

TEST_CASE("each GPU is for as many ranks as the user says") {
  const Bound two_each{
      .ranks = 4,
      .binding = {.one_thread = true, .gpu_bind = GpuBind::single, .ranks_per_gpu = 2},
      .gpus = {3, 0}};
  CHECK(two_each.seen_gpus() == Texts{"0", "0", "1", "1"});
  CHECK(two_each.cpus() == Texts{"12", "14", "0", "2"});
  CHECK(
      Bound{
          .ranks = 5, .binding = {.gpu_bind = GpuBind::single, .ranks_per_gpu = 2}, .gpus = {0, 0}}
          .refusal() ==
      "--gpu-bind=single:2 is for 4 ranks on the 2 GPUs that the job has there, and 5 are to run; "
      "say single:3");
}

TEST_CASE("GPUs of a list are counted among the job's and used in turn") {
  const Bound listed{.ranks = 3,
                     .binding = {.one_thread = true, .gpu_bind = GpuBind::map, .gpus = {1, 0}},
                     .gpus = {0, 0, 1, 2},
                     .without_gpus = 2};
  CHECK(listed.seen_gpus() == Texts{"3", "2", "3"});
  CHECK(listed.cpus() == Texts{"8", "4", "10"});
  CHECK(Bound{.binding = {.gpu_bind = GpuBind::map, .gpus = {2}}, .gpus = {0, 0}}.refusal() ==
        "--gpu-bind=map_gpu names GPU 2, and the job has 2 GPUs there; count them from 0");
}

TEST_CASE("unbound ranks see all GPUs; with closest, those nearest to their cores") {
  CHECK(Bound{.ranks = 2, .binding = {.gpu_bind = GpuBind::none}, .gpus = {0, 2}}.seen_gpus() ==
        Texts{"0-1", "0-1"});
  const model::Binding closest{.gpu_bind = GpuBind::closest};
  CHECK(Bound{.ranks = 3, .binding = closest, .gpus = {0, 0, 2, 2}}.seen_gpus() ==
        Texts{"0-1", "0-1", "2-3"});
  const model::Binding by_core{.map_by = MapBy::core, .gpu_bind = GpuBind::closest};
  CHECK(Bound{.ranks = 2, .binding = by_core, .gpus = {1, 3}}.seen_gpus() == Texts{"0", "0"});
  CHECK(Bound{.ranks = 2, .binding = by_core, .gpus = {2, 3}}.seen_gpus() == Texts{"0-1", "0-1"});
}

TEST_CASE("GPUs cannot be bound where there are none") {
  for (const auto& binding : {model::Binding{.gpu_bind = GpuBind::single, .ranks_per_gpu = 1},
                              model::Binding{.gpu_bind = GpuBind::closest},
                              model::Binding{.gpu_bind = GpuBind::map, .gpus = {0}}}) {
    CHECK_THAT((Bound{.ranks = 1, .binding = binding}.refusal()),
               Contains("the job has none there; ask for them with --gpus-per-node"));
  }
  CHECK(Bound{.ranks = 1, .binding = {.gpu_bind = GpuBind::none}}.refusal().empty());
}

TEST_CASE("a single rank with several GPUs has cores near all of them") {
  CHECK(Bound{.ranks = 1, .cores_per_rank = 2, .binding = {.one_thread = true}, .gpus = {1, 3}}
            .cpus() == Texts{"4,12"});
}

TEST_CASE("whatever users say, ranks stay in the job's share and have what they are to have") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    const auto upto = [&random](unsigned most) { return static_cast<int>(random.below(most + 1)); };
    Bound bound;
    bound.cores = model::CoreSet::range(upto(7), 1 + upto(8));
    bound.ranks = 1 + upto(static_cast<unsigned>(bound.cores.count() - 1));
    bound.cores_per_rank = 1 + upto(static_cast<unsigned>(bound.cores.count() / bound.ranks - 1));
    for (int n = upto(4); n > 0; --n) bound.gpus.push_back(upto(3));
    if (upto(1) == 1)
      bound.binding.map_by =
          std::array{MapBy::core, MapBy::numa, MapBy::socket}.at(static_cast<std::size_t>(upto(2)));
    bound.binding.bind_to = std::array{BindTo::core, BindTo::numa, BindTo::socket}.at(
        static_cast<std::size_t>(upto(2)));
    bound.binding.one_thread = upto(1) == 1;
    if (!bound.gpus.empty() && upto(1) == 1) bound.binding.gpu_bind = GpuBind::closest;

    const auto placement = bound.placement();
    REQUIRE(bound.placement() == placement);
    model::CpuSet share;
    for (const int core : bound.cores.members()) {
      share.add(core);
      share.add(core + 16);
    }
    model::CpuSet seen;
    const int threads = bound.binding.one_thread ? 1 : 2;
    for (const auto& rank : placement.ranks) {
      REQUIRE(share.includes(rank.cpus));
      REQUIRE(rank.cpus.count() >= threads * bound.cores_per_rank);
      REQUIRE(rank.gpus.empty() == bound.gpus.empty());
      if (bound.binding.bind_to != BindTo::core) continue;
      REQUIRE(rank.cpus.count() == threads * bound.cores_per_rank);
      REQUIRE_FALSE(seen.intersects(rank.cpus));
      seen |= rank.cpus;
    }
  }
}
