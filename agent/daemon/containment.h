#pragma once
// The control groups of a node: found or made when the agent starts, cleared of what no launch uses
// any more.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/hierarchy.h"
#include "lib/model/ids.h"

namespace agentd {

/// Whether launches are put into control groups.
enum class ContainmentMode { automatic, required, off };

std::string_view to_text(ContainmentMode mode);
std::optional<ContainmentMode> containment_mode_from_text(std::string_view text);

class Containment {
 public:
  /// Makes the node's group wherever it can. `root` is "" but in tests: a folder with proc/ and
  /// whatever is mounted. Error unavailable: required, and there is nothing that kills or nothing
  /// that limits memory.
  static base::Result<Containment> open(ContainmentMode mode, std::string_view node,
                                        const std::string& node_dir, const std::string& root = {});

  /// "v2 (kill, CPU time), v1 (memory, cores)"; "none: no group can be made: ..."
  const std::string& description() const { return description_; }

  /// For a launcher's command line.
  std::vector<std::string> launcher_arguments() const;

  /// Kills and removes all groups but those of these launches and of what else runs in their
  /// attempts.
  void sweep(const std::set<model::LaunchKey>& open) const;

  /// Removes the node's group if nothing is in it.
  void close() const;

 private:
  ContainmentMode mode_ = ContainmentMode::off;
  std::vector<model::Hierarchy> hierarchies_;
  std::string description_;
};

}  // namespace agentd
