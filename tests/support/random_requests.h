#pragma once
// What RandomModel's users ask for.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "tests/support/random_model.h"

namespace support {

inline model::NodeChoice RandomModel::choice() {
  model::NodeChoice made;
  for (int n = upto(2); n > 0; --n) {
    made.constraint.groups.push_back(plain_names());
    if (made.constraint.groups.back().empty()) made.constraint.groups.pop_back();
  }
  made.gpu_kind = text();
  made.only = plain_names();
  made.never = plain_names();
  made.booking = text();
  made.tiers = tiers();
  return made;
}

inline model::Licenses RandomModel::licenses() {
  model::Licenses made;
  for (int n = upto(2); n > 0; --n) made[name()] = 1 + upto(9);
  return made;
}

inline model::RestartPolicy RandomModel::restart_policy() {
  model::RestartPolicy made;
  for (int n = upto(3); n > 0; --n) made.exit_codes.add(1 + upto(254));
  made.on_signal = coin();
  made.on_oom = coin();
  made.on_timeout = coin();
  made.on_hang = coin();
  made.on_node = made.exit_codes.empty() || coin();
  made.avoids_nodes = coin();
  if (made.on_oom && coin())
    made.memory = {.percent = 101 + upto(1499),
                   .most = maybe([&] {
                     return base::Bytes(static_cast<std::uint64_t>(1024 + upto(99'999)) * 1024);
                   })};
  made.most = 1 + upto(99);
  made.first_pause = std::chrono::seconds(upto(4000));
  made.longest_pause = made.first_pause + std::chrono::seconds(upto(4000));
  return made;
}

inline model::HangLimit RandomModel::hang_limit() {
  const auto after = std::chrono::seconds(upto(4000));
  return {.after = after, .output_only = after.count() > 0 && coin()};
}

inline model::JobChange RandomModel::job_change() {
  model::JobChange made;
  for (int n = 1 + upto(4); n > 0; --n) {
    const auto last = static_cast<int>(model::ChangedField::comment);
    made.fields.insert(static_cast<model::ChangedField>(upto(last)));
  }
  const bool has_limit = made.fields.contains(model::ChangedField::array_limit) && coin();
  if (has_limit) made.array_limit = 1 + upto(99);
  made.spec = model::changed({}, {made.fields, job_spec(), made.array_limit});
  return made;
}

/// Whatever the wire can carry, contradictions included.
inline model::Binding RandomModel::binding() {
  model::Binding made;
  made.by_node = coin();
  made.bind_to = maybe([&] { return static_cast<model::BindTo>(upto(3)); });
  made.map_by = maybe([&] { return static_cast<model::MapBy>(upto(2)); });
  made.one_thread = coin();
  made.cpus = several(3, [&] { return indices(); });
  made.gpu_bind = maybe([&] { return static_cast<model::GpuBind>(upto(3)); });
  made.ranks_per_gpu = upto(9);
  made.gpus = several(3, [&] { return upto(9); });
  made.overcommit = coin();
  made.mem_bind = static_cast<model::MemBind>(upto(3));
  made.fill = coin();
  return made;
}

inline model::Roles RandomModel::roles() {
  model::Roles made;
  for (int n = upto(3); n > 0; --n) {
    model::Role role{.name = std::string(1, static_cast<char>('a' + n)), .count = 1 + upto(9)};
    role.per_node = coin();
    role.serves = n > 1 && coin();
    role.cores = maybe([&] { return 1 + upto(99); });
    role.gpus = maybe([&] { return upto(9); });
    role.memory =
        maybe([&] { return base::Bytes(1024 * (1 + static_cast<std::uint64_t>(upto(99'999)))); });
    if (coin()) role.command = "x" + text();
    made.push_back(std::move(role));
  }
  return made;
}

inline model::StepSpec RandomModel::step_spec() {
  model::StepSpec made;
  made.nodes = maybe([&] { return upto(9); });
  made.tasks = maybe([&] { return upto(99); });
  made.tasks_per_node = maybe([&] { return upto(9); });
  made.cpus_per_task = maybe([&] { return upto(9); });
  made.gpus_per_task = maybe([&] { return upto(9); });
  made.roles = maybe([&] { return roles(); });
  if (coin()) made.binding = binding();
  made.map_only = coin();
  made.hang_timeout = maybe([&] { return hang_limit(); });
  made.arguments = several(5, [&] { return text(); });
  made.environment = environment();
  made.work_dir = "/" + text();
  made.output = text();
  made.error = text();
  made.label = coin();
  made.terminal = maybe([&] { return model::WindowSize{upto(999), upto(999)}; });
  made.node_names = several(3, [&] { return "n" + text(); });
  made.start_up = static_cast<model::StartUp>(upto(3));
  made.like_script = coin();
  made.exact = coin();
  made.keep_going = coin();
  return made;
}

}  // namespace support
