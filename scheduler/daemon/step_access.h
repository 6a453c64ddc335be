#pragma once
// How the launchers of a step and its client find and trust each other: the head's address and a
// secret, both made from the step's key, so that nothing about them is kept.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/ids.h"
#include "scheduler/daemon/paths.h"

namespace musterd {

class StepAccess {
 public:
  /// Reads the cluster's key, or makes one (32 random bytes, mode 0600). Error corrupt for a file
  /// that is no key.
  static base::Result<StepAccess> open(const Paths& paths);

  StepAccess(std::string run_dir, std::string key);

  /// Where a step's head listens.
  struct HeadPlace {
    std::string local;             // a socket of its node: "unix:D/run/17.1.0.sock"
    std::vector<std::string> tls;  // and one of these, the first that is free; none: nowhere else
  };
  /// `step` names a step, not a batch script; `machine` is the address of the head's node, where
  /// that is not a part of this machine; `user` is the job's.
  HeadPlace head_place(const model::LaunchKey& step, std::uint32_t user,
                       const std::optional<std::string>& machine) const;
  std::string secret(const model::LaunchKey& step) const;

  /// Where something of a user's job lies in the run folder of its node, without that folder where
  /// the node is a machine. Other users than musterd's own have a folder in it, which the first
  /// launcher makes.
  std::string in_run_dir(const std::string& name, std::uint32_t user, bool is_machine) const;

 private:
  std::string run_dir_;
  std::string key_;
};

}  // namespace musterd
