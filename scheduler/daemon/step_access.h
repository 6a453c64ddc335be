#pragma once
// How the launchers of a step and its client find and trust each other: the head's address and a
// secret, both made from the step's key, so that nothing about them is kept.

#include <string>

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

  /// "unix:D/run/17.1.0.sock"; `step` names a step, not a batch script.
  std::string head_address(const model::LaunchKey& step) const;
  std::string secret(const model::LaunchKey& step) const;

 private:
  std::string run_dir_;
  std::string key_;
};

}  // namespace musterd
