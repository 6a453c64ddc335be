#include "lib/model/binding.h"

#include <algorithm>
#include <array>
#include <utility>

namespace model {

namespace {

template <class Enum, std::size_t n>
std::optional<Enum> member_with(const std::array<Enum, n>& all, std::string_view text) {
  const auto found =
      std::ranges::find_if(all, [text](const Enum one) { return to_text(one) == text; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::unexpected<base::Error> contradiction(std::string text) {
  return base::fail(base::Code::invalid, std::move(text));
}

base::Result<void> check_cores(const Binding& binding) {
  const bool has_rule = binding.bind_to || binding.map_by || binding.one_thread;
  if (!binding.cpus.empty() && has_rule) {
    return contradiction(
        "map_cpu and mask_cpu of --cpu-bind name the hardware threads of each rank; leave out "
        "--bind-to, --map-by, --distribution and --hint");
  }
  if (std::ranges::any_of(binding.cpus, &CpuSet::empty)) {
    return contradiction("a mask of --cpu-bind=mask_cpu has no hardware thread; a rank needs one");
  }
  if (binding.bind_to == BindTo::none && (binding.map_by || binding.one_thread)) {
    return contradiction(
        "--bind-to=none (--cpu-bind=none) gives ranks no cores of their own; leave it out, or "
        "leave out --map-by, --distribution and --hint");
  }
  if (binding.bind_to == BindTo::none && binding.mem_bind != MemBind::none) {
    return contradiction("--mem-bind=" + std::string(to_text(binding.mem_bind)) +
                         " is about the memory next to a rank's cores, and --bind-to=none "
                         "(--cpu-bind=none) gives it none; leave one of them out");
  }
  return {};
}

base::Result<void> check_gpus(const Binding& binding, std::optional<int> gpus_per_task) {
  if ((binding.gpu_bind == GpuBind::single) != (binding.ranks_per_gpu > 0)) {
    return contradiction("--gpu-bind=single needs the number of ranks for each GPU, as single:1");
  }
  if ((binding.gpu_bind == GpuBind::map) == binding.gpus.empty()) {
    return contradiction("--gpu-bind=map_gpu needs the GPUs of the ranks, as map_gpu:0,1");
  }
  if (binding.gpu_bind == GpuBind::closest &&
      (binding.bind_to == BindTo::none || !binding.cpus.empty())) {
    return contradiction(
        "--gpu-bind=closest chooses GPUs by the cores of a rank, which muster run is to choose "
        "then; leave out --bind-to=none and lists of --cpu-bind");
  }
  const bool is_one = binding.gpu_bind == GpuBind::single || binding.gpu_bind == GpuBind::map;
  if (is_one && gpus_per_task.value_or(1) != 1) {
    return contradiction(
        "--gpu-bind=" + std::string(binding.gpu_bind == GpuBind::map ? "map_gpu" : "single") +
        " gives each rank one GPU, and --gpus-per-task asks for " + std::to_string(*gpus_per_task) +
        "; leave one of them out");
  }
  return {};
}

}  // namespace

std::string_view to_text(BindTo bind_to) {
  switch (bind_to) {
    case BindTo::none:
      return "none";
    case BindTo::core:
      return "core";
    case BindTo::numa:
      return "numa";
    case BindTo::socket:
      return "socket";
  }
  return "";
}

std::string_view to_text(MapBy map_by) {
  switch (map_by) {
    case MapBy::core:
      return "core";
    case MapBy::numa:
      return "numa";
    case MapBy::socket:
      return "socket";
  }
  return "";
}

std::string_view to_text(GpuBind gpu_bind) {
  switch (gpu_bind) {
    case GpuBind::none:
      return "none";
    case GpuBind::closest:
      return "closest";
    case GpuBind::single:
      return "single";
    case GpuBind::map:
      return "map";
  }
  return "";
}

std::string_view to_text(MemBind mem_bind) {
  switch (mem_bind) {
    case MemBind::none:
      return "none";
    case MemBind::local:
      return "local";
    case MemBind::prefer:
      return "prefer";
    case MemBind::interleave:
      return "interleave";
  }
  return "";
}

std::optional<BindTo> bind_to_from_text(std::string_view text) {
  using enum BindTo;
  return member_with(std::array{none, core, numa, socket}, text);
}

std::optional<MapBy> map_by_from_text(std::string_view text) {
  using enum MapBy;
  return member_with(std::array{core, numa, socket}, text);
}

std::optional<GpuBind> gpu_bind_from_text(std::string_view text) {
  using enum GpuBind;
  return member_with(std::array{none, closest, single, map}, text);
}

std::optional<MemBind> mem_bind_from_text(std::string_view text) {
  using enum MemBind;
  return member_with(std::array{none, local, prefer, interleave}, text);
}

base::Result<void> check(const Binding& binding, std::optional<int> gpus_per_task) {
  if (auto fine = check_cores(binding); !fine) return fine;
  return check_gpus(binding, gpus_per_task);
}

}  // namespace model
