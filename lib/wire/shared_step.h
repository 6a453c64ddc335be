#pragma once
// Conversions of steps, as shared.h has those of other nouns.

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "lib/model/job.h"
#include "lib/wire/shared.h"

namespace wire {

template <class Message>
void write_binding(const model::Binding& binding, Message& out) {
  if (binding.bind_to) out.set_bind_to(std::string(to_text(*binding.bind_to)));
  if (binding.map_by) out.set_map_by(std::string(to_text(*binding.map_by)));
  out.set_by_node(binding.by_node);
  out.set_one_thread(binding.one_thread);
  for (const auto& cpus : binding.cpus) out.add_cpus(to_text(cpus));
  if (binding.gpu_bind) out.set_gpu_bind(std::string(to_text(*binding.gpu_bind)));
  out.set_ranks_per_gpu(u32(binding.ranks_per_gpu));
  for (const int gpu : binding.gpus) out.add_gpus(u32(gpu));
  out.set_overcommit(binding.overcommit);
  if (binding.mem_bind != model::MemBind::none)
    out.set_mem_bind(std::string(to_text(binding.mem_bind)));
  out.set_fill(binding.fill);
}

template <class Message>
model::Binding read_binding(Message& in, Strict& strict) {
  model::Binding binding;
  const auto named = [&strict](const std::string& text, std::string_view field, auto from_text) {
    using Enum = typename decltype(from_text(text))::value_type;
    return text.empty() ? std::optional<Enum>()
                        : std::optional<Enum>(strict.named(from_text(text), text, field));
  };
  binding.bind_to = named(in.bind_to(), "bind_to", model::bind_to_from_text);
  binding.map_by = named(in.map_by(), "map_by", model::map_by_from_text);
  binding.by_node = in.by_node();
  binding.one_thread = in.one_thread();
  for (const auto& cpus : in.cpus()) binding.cpus.push_back(strict.indices(cpus, "cpus"));
  binding.gpu_bind = named(in.gpu_bind(), "gpu_bind", model::gpu_bind_from_text);
  binding.ranks_per_gpu = strict.count(in.ranks_per_gpu(), "ranks_per_gpu");
  for (const auto gpu : in.gpus()) binding.gpus.push_back(strict.count(gpu, "gpus"));
  binding.overcommit = in.overcommit();
  binding.mem_bind =
      named(in.mem_bind(), "mem_bind", model::mem_bind_from_text).value_or(model::MemBind::none);
  binding.fill = in.fill();
  return binding;
}

template <class Texts>
void write_roles(const model::Roles& roles, Texts& out) {
  for (const auto& role : roles) *out.Add() = to_text(role);
}

template <class Texts>
model::Roles read_roles(const Texts& in, Strict& strict) {
  model::Roles roles;
  for (const auto& text : in) {
    auto role = model::role_from_text(text);
    if (!role) strict.wrong("roles", "is wrong: " + role.error().text);
    if (role) roles.push_back(std::move(*role));
  }
  if (auto fine = model::check_roles(roles); !fine)
    strict.wrong("roles", "is wrong: " + fine.error().text);
  return roles;
}

template <class Message>
void write_window(const model::WindowSize& size, Message& out) {
  out.set_rows(u32(size.rows));
  out.set_columns(u32(size.columns));
}

template <class Message>
model::WindowSize read_window(Message& in, Strict& strict) {
  constexpr int most = 65535;  // man 2 TIOCSWINSZ
  return {strict.count(in.rows(), "rows", 0, most), strict.count(in.columns(), "columns", 0, most)};
}

/// All of a step but its arguments and environment.
template <class Message>
void write_step_shape(const model::StepSpec& spec, Message& out) {
  if (spec.nodes) out.set_nodes(u32(*spec.nodes));
  for (const auto& name : spec.node_names) out.add_node_names(name);
  if (spec.tasks) out.set_tasks(u32(*spec.tasks));
  if (spec.tasks_per_node) out.set_tasks_per_node(u32(*spec.tasks_per_node));
  if (spec.cpus_per_task) out.set_cpus_per_task(u32(*spec.cpus_per_task));
  if (spec.gpus_per_task) out.set_gpus_per_task(u32(*spec.gpus_per_task));
  if (spec.binding != model::Binding()) write_binding(spec.binding, *out.mutable_binding());
  if (spec.roles) write_roles(*spec.roles, *out.mutable_roles());
  out.set_equal_ranks(spec.roles && spec.roles->empty());
  out.set_map_only(spec.map_only);
  if (spec.start_up != model::StartUp::all) out.set_start_up(std::string(to_text(spec.start_up)));
  out.set_hang_timeout(hang_text(spec.hang_timeout));
  out.set_work_dir(spec.work_dir);
  out.set_output(spec.output);
  out.set_error(spec.error);
  out.set_label(spec.label);
  if (spec.terminal) write_window(*spec.terminal, *out.mutable_terminal());
  out.set_like_script(spec.like_script);
  out.set_exact(spec.exact);
  out.set_keep_going(spec.keep_going);
}

template <class Message>
model::StepSpec read_step_shape(Message& in, Strict& strict) {
  model::StepSpec spec;
  spec.nodes = strict.count_if(in.has_nodes(), in.nodes(), "nodes");
  spec.node_names.assign(in.node_names().begin(), in.node_names().end());
  spec.tasks = strict.count_if(in.has_tasks(), in.tasks(), "tasks");
  spec.tasks_per_node =
      strict.count_if(in.has_tasks_per_node(), in.tasks_per_node(), "tasks_per_node");
  spec.cpus_per_task = strict.count_if(in.has_cpus_per_task(), in.cpus_per_task(), "cpus_per_task");
  spec.gpus_per_task = strict.count_if(in.has_gpus_per_task(), in.gpus_per_task(), "gpus_per_task");
  if (in.has_binding()) {
    using Part = std::remove_reference_t<decltype(*in.mutable_binding())>;
    spec.binding = strict.part("binding", *in.mutable_binding(), read_binding<Part>);
  }
  if (in.equal_ranks() && in.roles_size() > 0)
    strict.wrong("equal_ranks", "is true and there are roles; give one of them");
  if (in.equal_ranks() || in.roles_size() > 0) spec.roles = read_roles(in.roles(), strict);
  spec.map_only = in.map_only();
  if (!in.start_up().empty())
    spec.start_up =
        strict.named(model::start_up_from_text(in.start_up()), in.start_up(), "start_up");
  spec.hang_timeout = read_hang(in.hang_timeout(), strict);
  spec.work_dir = take(in.mutable_work_dir());
  spec.output = take(in.mutable_output());
  spec.error = take(in.mutable_error());
  spec.label = in.label();
  if (in.has_terminal()) {
    using Part = std::remove_reference_t<decltype(*in.mutable_terminal())>;
    spec.terminal = strict.part("terminal", *in.mutable_terminal(), read_window<Part>);
  }
  spec.like_script = in.like_script();
  spec.exact = in.exact();
  spec.keep_going = in.keep_going();
  return spec;
}

}  // namespace wire
