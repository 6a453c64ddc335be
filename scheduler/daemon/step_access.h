#pragma once
// How the launchers of a step and its client find and trust each other: the head's address and a
// secret, both made from the step's key, so that nothing about them is kept.

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
  /// that is not a part of this machine.
  HeadPlace head_place(const model::LaunchKey& step,
                       const std::optional<std::string>& machine) const;
  std::string secret(const model::LaunchKey& step) const;

  /// Of sockets and such that nodes which are slices of this machine share.
  const std::string& run_dir() const { return run_dir_; }

 private:
  std::string run_dir_;
  std::string key_;
};

}  // namespace musterd
