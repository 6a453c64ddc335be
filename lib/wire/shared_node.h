#pragma once
// Conversions of nodes, as shared.h has those of other nouns.

#include <algorithm>
#include <string>

#include "lib/model/condition.h"
#include "lib/model/node.h"
#include "lib/model/undying.h"
#include "lib/wire/shared.h"

namespace wire {

template <class Message>
void write_topology(const model::Topology& topology, Message& out) {
  for (const auto& domain : topology.numa) {
    auto& to = *out.add_numa();
    to.set_os_index(u32(domain.os_index));
    to.set_memory_bytes(domain.memory.count());
  }
  for (const auto& core : topology.cores) {
    auto& to = *out.add_cores();
    to.set_package(u32(core.package));
    to.set_numa(u32(core.numa));
    to.set_cpus(model::to_text(core.cpus));
  }
  for (const auto& gpu : topology.gpus) {
    auto& to = *out.add_gpus();
    to.set_uuid(gpu.uuid);
    to.set_kind(gpu.kind);
    to.set_pci(gpu.pci);
    to.set_memory_bytes(gpu.memory.count());
    to.set_numa(u32(gpu.numa));
    for (const auto& bridge : gpu.bridges) to.add_bridges(bridge);
  }
  for (const auto& nic : topology.nics) {
    auto& to = *out.add_nics();
    to.set_name(nic.name);
    to.set_pci(nic.pci);
    if (nic.numa) to.set_numa(u32(*nic.numa));
    for (const auto& bridge : nic.bridges) to.add_bridges(bridge);
  }
  out.set_memory_bytes(topology.memory.count());
  out.set_oversubscribed(topology.oversubscribed);
}

template <class Message>
model::Topology read_topology(Message& in, Strict& strict) {
  // A probe that sees no NUMA domains puts all into the first.
  const int last_domain = std::max(in.numa_size() - 1, 0);
  const auto domain = [](auto& from, Strict& s) {
    return model::NumaDomain{s.count(from.os_index(), "os_index"),
                             base::Bytes(from.memory_bytes())};
  };
  const auto core = [last_domain](auto& from, Strict& s) {
    return model::Core{s.count(from.package(), "package"),
                       s.count(from.numa(), "numa", 0, last_domain),
                       s.indices(from.cpus(), "cpus")};
  };
  const auto gpu = [last_domain](auto& from, Strict& s) {
    return model::Gpu{take(from.mutable_uuid()),
                      take(from.mutable_kind()),
                      take(from.mutable_pci()),
                      base::Bytes(from.memory_bytes()),
                      s.count(from.numa(), "numa", 0, last_domain),
                      take_all(*from.mutable_bridges())};
  };
  const auto nic = [last_domain](auto& from, Strict& s) {
    model::Nic read{.name = take(from.mutable_name()), .pci = take(from.mutable_pci())};
    if (from.has_numa()) read.numa = s.count(from.numa(), "numa", 0, last_domain);
    read.bridges = take_all(*from.mutable_bridges());
    return read;
  };
  model::Topology topology;
  topology.numa = strict.each("numa", *in.mutable_numa(), domain);
  topology.cores = strict.each("cores", *in.mutable_cores(), core);
  topology.gpus = strict.each("gpus", *in.mutable_gpus(), gpu);
  topology.nics = strict.each("nics", *in.mutable_nics(), nic);
  topology.memory = base::Bytes(in.memory_bytes());
  topology.oversubscribed = in.oversubscribed();
  return topology;
}

/// Without its end in JSON, where times have another form.
template <class Message>
void write_node_info(const model::NodeInfo& info, Message& out) {
  out.set_name(info.name);
  out.set_pool(info.pool);
  out.set_hostname(info.hostname);
  out.set_address(info.address);
  out.set_boot_id(info.boot_id);
  out.set_kernel(info.kernel);
  out.set_version(info.version);
  write_topology(info.topology, *out.mutable_topology());
  for (const auto& name : info.features) out.add_features(name);
  for (const auto& name : info.switches) out.add_switches(name);
  out.set_containment(info.containment);
  out.set_tier(std::string(to_text(info.tier)));
  if constexpr (requires { out.set_ends_at_us(0); }) {
    if (info.ends_at) out.set_ends_at_us(base::to_us(*info.ends_at));
  }
}

/// The same.
template <class Message>
model::NodeInfo read_node_info(Message& in, Strict& strict) {
  model::NodeInfo info;
  info.name = strict.filled(in.mutable_name(), "name");
  info.pool = take(in.mutable_pool());
  info.hostname = take(in.mutable_hostname());
  info.address = take(in.mutable_address());
  info.boot_id = take(in.mutable_boot_id());
  info.kernel = take(in.mutable_kernel());
  info.version = take(in.mutable_version());
  info.topology = strict.required(in.has_topology(), "topology")
                      .read(*in.mutable_topology(),
                            [](auto& from, Strict& s) { return read_topology(from, s); });
  info.features = take_all(*in.mutable_features());
  info.switches = take_all(*in.mutable_switches());
  info.containment = take(in.mutable_containment());
  if (!in.tier().empty())
    info.tier = strict.named(model::tier_from_text(in.tier()), in.tier(), "tier");
  if constexpr (requires { in.ends_at_us(); }) {
    if (in.has_ends_at_us()) info.ends_at = strict.time(in.ends_at_us(), "ends_at_us");
  }
  return info;
}

/// All but the launch and the time, which have another form in JSON.
template <class Message>
void write_undying_text(const model::Undying& undying, Message& out) {
  out.set_pid(u32(undying.pid));
  out.set_command(undying.command);
  out.set_state(undying.state);
  out.set_cores(model::to_text(undying.cores));
  out.set_gpus(model::to_text(undying.gpus));
}

template <class Message>
model::Undying read_undying_text(Message& in, const model::LaunchKey& launch, Strict& strict) {
  return {.launch = launch,
          .pid = strict.count(in.pid(), "pid", 1),
          .command = take(in.mutable_command()),
          .state = take(in.mutable_state()),
          .since = {},
          .cores = strict.indices(in.cores(), "cores"),
          .gpus = strict.indices(in.gpus(), "gpus")};
}

/// All but its time, which has another form in JSON.
template <class Message>
void write_condition_text(const model::NodeCondition& condition, Message& out) {
  out.set_fitness(std::string(to_text(condition.fitness)));
  out.set_reason(condition.reason);
  out.set_output(condition.output);
  out.set_given_up(condition.is_given_up);
  out.set_basis(condition.basis);
}

template <class Message>
void write_condition(const model::NodeCondition& condition, Message& out) {
  write_condition_text(condition, out);
  out.set_since_us(base::to_us(condition.since));
  for (const auto& failing : condition.gpus) {
    auto& to = *out.add_gpus();
    to.set_gpu(u32(failing.gpu));
    to.set_reason(failing.reason);
    to.set_since_us(base::to_us(failing.since));
  }
}

template <class Message>
model::NodeCondition read_condition_text(Message& in, Strict& strict) {
  model::NodeCondition condition;
  if (!in.fitness().empty())
    condition.fitness =
        strict.named(model::fitness_from_text(in.fitness()), in.fitness(), "fitness");
  condition.reason = take(in.mutable_reason());
  condition.output = take(in.mutable_output());
  condition.is_given_up = in.given_up();
  condition.basis = take(in.mutable_basis());
  return condition;
}

template <class Message>
model::NodeCondition read_condition(Message& in, Strict& strict) {
  auto condition = read_condition_text(in, strict);
  condition.since = strict.time(in.since_us(), "since_us");
  condition.gpus = strict.each("gpus", *in.mutable_gpus(), [](auto& from, Strict& s) {
    return model::FailingGpu{.gpu = s.count(from.gpu(), "gpu"),
                             .reason = take(from.mutable_reason()),
                             .since = s.time(from.since_us(), "since_us")};
  });
  return condition;
}

}  // namespace wire
