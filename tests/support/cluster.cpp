#include "tests/support/cluster.h"

#include <csignal>

#include "lib/base/check.h"

namespace support {

model::NodeInfo node(std::string name, int cores, int gpus, std::string pool) {
  model::NodeInfo info{.name = std::move(name),
                       .pool = std::move(pool),
                       .hostname = "host",
                       .address = "127.0.0.1",
                       .boot_id = "boot-1",
                       .kernel = "6.1",
                       .version = "0.1.0",
                       .topology = {}};
  const base::Bytes memory(static_cast<std::uint64_t>(cores) << 32);
  info.topology.numa.push_back({.os_index = 0, .memory = memory});
  info.topology.memory = memory;
  for (int i = 0; i < cores; ++i) {
    info.topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(i, 1)});
  }
  for (int i = 0; i < gpus; ++i) {
    info.topology.gpus.push_back({.uuid = "GPU-" + std::to_string(i),
                                  .kind = "test",
                                  .pci = "0000:0" + std::to_string(i) + ":00.0",
                                  .memory = base::Bytes(std::uint64_t{1} << 34),
                                  .numa = 0});
  }
  return info;
}

model::AgentHello hello(model::NodeInfo info, std::vector<model::LaunchStatus> launches) {
  return {
      .version = model::protocol_version, .info = std::move(info), .launches = std::move(launches)};
}

JobBuilder::JobBuilder() {
  spec_.name = "test";
  spec_.script = "#!/bin/sh\ntrue\n";
  spec_.work_dir = "/tmp";
  spec_.output = "/tmp/muster-%j.out";
}

JobBuilder& JobBuilder::nodes(int n) {
  spec_.shape.nodes = n;
  return *this;
}

JobBuilder& JobBuilder::tasks(int n) {
  spec_.shape.tasks = n;
  return *this;
}

JobBuilder& JobBuilder::tasks_per_node(int n) {
  spec_.shape.tasks_per_node = n;
  return *this;
}

JobBuilder& JobBuilder::cpus_per_task(int n) {
  spec_.shape.cpus_per_task = n;
  return *this;
}

JobBuilder& JobBuilder::gpus_per_node(int n) {
  spec_.shape.gpus_per_node = n;
  return *this;
}

JobBuilder& JobBuilder::memory_mib(std::uint64_t n) {
  spec_.shape.memory_per_node = base::Bytes(n << 20);
  return *this;
}

JobBuilder& JobBuilder::minutes(int n) {
  spec_.time_limit = std::chrono::minutes(n);
  return *this;
}

JobBuilder& JobBuilder::priority(int n) {
  spec_.priority = n;
  return *this;
}

JobBuilder& JobBuilder::pool(std::string name) {
  spec_.pool = std::move(name);
  return *this;
}

JobBuilder& JobBuilder::name(std::string text) {
  spec_.name = std::move(text);
  return *this;
}

JobBuilder& JobBuilder::token(std::string text) {
  spec_.token = std::move(text);
  return *this;
}

JobBuilder& JobBuilder::of_class(std::string name) {
  spec_.class_name = std::move(name);
  return *this;
}

JobBuilder& JobBuilder::workspace(std::string name) {
  spec_.workspace = std::move(name);
  return *this;
}

JobBuilder& JobBuilder::saves(base::Duration before) {
  spec_.save_signal = {.number = SIGUSR1, .before = before, .script_only = false};
  return *this;
}

JobBuilder& JobBuilder::no_requeue() {
  spec_.requeue = false;
  return *this;
}

JobBuilder& JobBuilder::restart(std::string_view policy) {
  spec_.restart = *model::restart_policy_from_text(policy);
  return *this;
}

JobBuilder& JobBuilder::up_to_nodes(int n) {
  spec_.shape.most_nodes = n;
  return *this;
}

JobBuilder& JobBuilder::grow_after(base::Duration time) {
  spec_.grow_after = time;
  return *this;
}

JobBuilder& JobBuilder::hold() {
  spec_.hold = true;
  return *this;
}

JobBuilder& JobBuilder::begin(base::Time time) {
  spec_.begin = time;
  return *this;
}

JobBuilder& JobBuilder::deadline(base::Time time) {
  spec_.deadline = time;
  return *this;
}

JobBuilder& JobBuilder::depends(std::string_view text) {
  const auto dependency = model::dependency_from_text(text);
  base::check(dependency.has_value(), "a test writes dependencies well");
  spec_.dependency = *dependency;
  return *this;
}

JobBuilder& JobBuilder::array(std::string_view text) {
  const auto array = model::array_from_text(text);
  base::check(array.has_value(), "a test writes arrays well");
  spec_.array = *array;
  return *this;
}

std::shared_ptr<const model::JobSpec> JobBuilder::operator*() const {
  return std::make_shared<const model::JobSpec>(spec_);
}

JobBuilder job() {
  return {};
}

model::User user(std::uint32_t uid) {
  return {.uid = uid, .gid = uid, .name = "user" + std::to_string(uid)};
}

model::LaunchReport success(model::LaunchKey key) {
  return {.key = key,
          .started_at = {},
          .ended_at = {},
          .exit_code = 0,
          .failure = {},
          .usage = {},
          .ranks = {}};
}

model::LaunchReport failure(model::LaunchKey key, model::Cause cause, int code, std::string node) {
  auto report = success(key);
  report.exit_code = code;
  report.failure = model::Failure{.cause = cause,
                                  .code = code,
                                  .step = key.step,
                                  .rank = {},
                                  .node = std::move(node),
                                  .text = {}};
  return report;
}

}  // namespace support
