#pragma once
// Builders of nodes, jobs and reports, so that a test names only what matters to it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/model/agent_message.h"
#include "lib/model/job.h"
#include "lib/model/node.h"
#include "lib/model/outcome.h"

namespace support {

/// A node of one NUMA domain: `cores` cores with one hardware thread each, 4 GiB for each core.
model::NodeInfo node(std::string name, int cores, int gpus = 0, std::string pool = "default");

model::AgentHello hello(model::NodeInfo info, std::vector<model::LaunchStatus> launches = {});

/// A job with a script, set up in one expression: *job().nodes(2).tasks(4).minutes(5).
class JobBuilder {
 public:
  JobBuilder();
  JobBuilder& nodes(int n);
  JobBuilder& tasks(int n);
  JobBuilder& tasks_per_node(int n);
  JobBuilder& cpus_per_task(int n);
  JobBuilder& gpus_per_node(int n);
  JobBuilder& memory_mib(std::uint64_t n);
  JobBuilder& minutes(int n);
  JobBuilder& priority(int n);
  JobBuilder& pool(std::string name);
  JobBuilder& name(std::string text);
  JobBuilder& token(std::string text);
  JobBuilder& of_class(std::string name);
  JobBuilder& workspace(std::string name);
  JobBuilder& saves(base::Duration before);  // on SIGUSR1, also so long before its time limit
  JobBuilder& no_requeue();
  JobBuilder& restart(std::string_view policy);
  JobBuilder& up_to_nodes(int n);
  JobBuilder& grow_after(base::Duration time);
  JobBuilder& hold();
  JobBuilder& begin(base::Time time);
  JobBuilder& deadline(base::Time time);
  JobBuilder& depends(std::string_view text);
  JobBuilder& array(std::string_view text);
  std::shared_ptr<const model::JobSpec> operator*() const;

 private:
  model::JobSpec spec_;
};

JobBuilder job();

model::User user(std::uint32_t uid = 1000);

model::LaunchReport success(model::LaunchKey key);
model::LaunchReport failure(model::LaunchKey key, model::Cause cause, int code,
                            std::string node = "n1");

}  // namespace support
