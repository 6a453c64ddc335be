#pragma once
// Whether a node is fit for work, as its agent finds it by what its pool wants done there.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/topology.h"

namespace model {

enum class Fitness {
  ready,
  preparing,  // what has to be done before it takes work is under way
  unusable    // it failed; tried again later
};

std::string_view to_text(Fitness fitness);
std::optional<Fitness> fitness_from_text(std::string_view text);

/// What the pool of a node wants done on it: mounts and a script before it takes work, and checks
/// from then on.
struct NodeCare {
  std::string pool;
  std::string cluster;
  std::vector<std::string> mounts;  // as texts (mount.h)
  base::Duration mount_timeout{};
  std::string setup;  // a command of sh; empty: none
  base::Duration setup_timeout{};
  int setup_tries = 1;           // before the node counts as given up
  base::Duration setup_pause{};  // between these, doubled each time
  base::Duration setup_heal{};   // between those that follow
  std::string health;            // a command of sh; empty: none
  base::Duration health_interval{};
  base::Duration health_timeout{};
  bool checks = false;      // those built in
  base::Bytes free_disk;    // of these: less is a fault; 0: not looked at
  base::Bytes free_memory;  // likewise
  bool gpu_full_link =
      false;  // of these: a GPU whose PCIe link is narrower than it can be is failing

  bool has_checks() const { return checks || !health.empty() || !mounts.empty(); }
  bool operator==(const NodeCare&) const = default;
};

/// What a condition was found by: another one says nothing about a node whose pool wants this.
/// Empty: nothing is wanted.
std::string basis_of(const NodeCare& care);

/// A GPU that is out of service: its node goes on without it, until a later check finds it well.
struct FailingGpu {
  int gpu = 0;         // place in the node's topology
  std::string reason;  // one sentence
  base::Time since;

  bool operator==(const FailingGpu&) const = default;
};

GpuSet gpus_of(const std::vector<FailingGpu>& failing);

/// "GPU 1 is out of service: ...".
std::string describe(const FailingGpu& failing);

struct NodeCondition {
  Fitness fitness = Fitness::ready;
  std::string reason;  // one sentence; of a node that is ready empty
  std::string output;  // the last lines of what failed
  base::Time since;
  bool is_given_up = false;           // the tries of an unusable one are used up
  std::string basis;                  // basis_of()
  std::vector<FailingGpu> gpus = {};  // of a ready node, too; in order

  bool operator==(const NodeCondition&) const = default;
};

/// The end of what a program said, of so many bytes at most, from the start of a line where there
/// is one.
std::string last_lines(std::string_view output, std::size_t limit);

/// "node n3 is being prepared: its setup runs", "node n3 is unusable: ..."; empty: it is ready.
std::string describe(std::string_view node, const NodeCondition& condition);

/// A job's end that may be the fault of the node where it happened.
struct Suspicion {
  JobId job;
  std::uint32_t uid = 0;  // of the job's user
  std::string what;       // one sentence

  bool operator==(const Suspicion&) const = default;
};

}  // namespace model
