#pragma once
// What is done on every node of a job before its script starts, and undone after it.

#include <chrono>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/image.h"
#include "lib/model/mount.h"

namespace model {

struct Preparation {
  std::string command;                                   // line of a shell; empty: none
  base::Duration time_limit = std::chrono::minutes(10);  // of the command
  std::vector<Mount> mounts;
  base::Duration mount_limit = std::chrono::seconds(60);  // of each
  Image image;         // that it, the script and the steps run in
  std::string epilog;  // line of a shell, after the script; empty: none
  base::Duration epilog_limit = std::chrono::seconds(60);
  bool has_job_tmp = false;     // a directory on every node
  base::Bytes job_tmp_limit;    // that it may hold on a node; 0: any amount
  bool has_shared_tmp = false;  // one that all nodes share

  bool has_image() const { return !image.reference.empty(); }
  /// Is there anything to do?
  bool is_wanted() const {
    return !command.empty() || !epilog.empty() || !mounts.empty() || has_image() || has_job_tmp ||
           has_shared_tmp;
  }
  bool operator==(const Preparation&) const = default;
};

/// What the site has run on each node of an attempt, by the agent as its own user: before anything
/// of the attempt starts there, and after all of it has ended. Commands of sh; empty: none.
struct SitePrograms {
  std::string prolog;
  std::string epilog;
  base::Duration prolog_limit = std::chrono::seconds(60);
  base::Duration epilog_limit = std::chrono::seconds(60);

  bool is_wanted() const { return !prolog.empty() || !epilog.empty(); }
  bool operator==(const SitePrograms&) const = default;
};

}  // namespace model
