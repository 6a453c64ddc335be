#pragma once
// What the preparation of a job with an image does, in this order: choose tools, fetch the image,
// build a root file system of it, in which the job's changes are its own, and start the container.
// Commands are the preparation's to run.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/exec/image_cache.h"
#include "launcher/exec/launch.h"
#include "launcher/map/container_plan.h"
#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"

namespace exec {

class ContainerSetup {
 public:
  explicit ContainerSetup(const Launch& launch);
  ~ContainerSetup();
  ContainerSetup(const ContainerSetup&) = delete;
  ContainerSetup& operator=(const ContainerSetup&) = delete;

  /// By what this node starts it. errors: unavailable, and of the cache
  base::Result<void> choose();

  /// Command that gets the image. None: it is here.
  std::optional<std::vector<std::string>> fetch();
  /// Keeps it from being removed. errors: not_found, invalid: it is no root file system
  base::Result<void> take();

  /// Command whose output build() wants. None: it wants none.
  std::optional<std::vector<std::string>> look() const;
  static bool is_complete(std::string_view looked);
  /// In mount namespaces of this process's own.
  base::Result<void> build(std::string_view looked);

  std::vector<std::string> start() const;
  /// Of a command of this job: with the node's own PATH.
  void adjust(model::Environment& environment) const;

  /// Command that removes images of this user that nobody has any more. None: there is none.
  std::optional<std::vector<std::string>> clean_up() const;

 private:
  std::string layer(const char* name) const;
  bool has_tools() const;
  base::Result<void> make_tools(std::string_view trace) const;
  void find_binds(std::string_view ldconfig);
  base::Result<void> fill_upper() const;
  base::Result<void> make_point(const mapping::Bind& bind) const;
  base::Result<void> write_users() const;
  base::Result<void> mount_layers();
  base::Result<void> mount_shm();

  const Launch& launch_;
  const model::Image image_;
  std::string folder_;  // of the container, below the preparation's
  std::set<std::string> programs_;
  std::string search_path_;
  mapping::Unpacker unpacker_ = mapping::Unpacker::none;
  std::optional<ImageCache> cache_;
  std::string entry_;  // of the cache; empty: the image is a folder
  std::optional<loop::OwnedFd> hold_;
  std::string lower_;  // unpacked image
  std::string tools_;  // folder of ours
  mapping::ContainerPlan plan_;
  std::vector<std::string> mounted_;
};

}  // namespace exec
