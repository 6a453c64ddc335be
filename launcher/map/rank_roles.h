#pragma once
// The roles of a step's ranks, and what the ranks are told of them.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/model/job.h"
#include "lib/model/launch.h"
#include "lib/model/role.h"

namespace mapping {

class RankRoles {
 public:
  /// Of the order's step.
  explicit RankRoles(const model::LaunchOrder& order);

  /// Whether ranks have roles at all.
  bool are_there() const { return !roles_.empty(); }
  /// Without roles every rank works.
  bool serves(int rank) const { return are_there() && role_of(rank).serves; }
  bool has_worker(const std::vector<int>& ranks) const;
  /// Among all ranks of the step.
  bool has_server() const;

  const model::Role& role_of(int rank) const;
  int index_of(int rank) const;
  /// Its role's, else as of a rank without roles.
  int cores_of(int rank) const;
  /// How many GPUs the rank has for itself; none: they are dealt to all ranks that work.
  std::optional<int> gpus_of(int rank) const;
  /// "ps 0"; empty without roles.
  std::string name_of(int rank) const;

  /// MUSTER_ROLE and its like; and the names of TensorFlow, ps-lite and Batch AI, of which those
  /// that are there already stay.
  ///
  /// addresses   "host:port" of every rank, by rank
  /// source      TF_CONFIG: tensorflow.org/guide/distributed_training; DMLC_*: ps-lite's
  ///             docs/env.md; AZ_BATCHAI_*: Azure/BatchAI, using-batchai-environment-variables
  void describe(int rank, const std::vector<std::string>& addresses,
                model::Environment& environment) const;

 private:
  std::vector<std::string> addresses_of(std::size_t role,
                                        const std::vector<std::string>& addresses) const;
  std::string tf_config(int rank, const std::vector<std::string>& addresses) const;
  int count_of(std::string_view name) const;

  int cpus_per_task_;
  model::Roles roles_;
  std::vector<model::RolePlace> places_;  // by rank
};

}  // namespace mapping
