#pragma once
// The image that a job runs in: "/images/debian", "docker://registry.example.org/team/tool:1.2".

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace model {

/// What starts the container; automatic: what the node has.
enum class ContainerRuntime { automatic, bubblewrap, charliecloud, apptainer, podman };

std::string_view to_text(ContainerRuntime runtime);
std::optional<ContainerRuntime> container_runtime_from_text(std::string_view text);

struct Image {
  std::string reference;  // empty: no container
  ContainerRuntime runtime = ContainerRuntime::automatic;
  std::string auth;  // path of a file with credentials for registries; empty: what the tools find
  base::Bytes shm;   // size of its /dev/shm, which is the job's own then; 0: that of the node
  base::Duration time_limit = std::chrono::minutes(30);  // to fetch it and start the container

  bool operator==(const Image&) const = default;
};

enum class ImageKind {
  folder,    // an unpacked root file system
  tar,       // the same in a tar file
  file,      // of Apptainer, or squashfs
  archive,   // "oci-archive:/PATH", "docker-archive:/PATH"
  registry,  // "docker://NAME[:TAG]", or plain NAME[:TAG]
};

/// Of a reference that is as check() wants it.
ImageKind kind_of(std::string_view reference);

/// The path in a reference of something on the node; of a registry's: empty.
std::string path_of(std::string_view reference);

/// errors    invalid: what is written is no reference, or a path is not absolute
base::Result<void> check(const Image& image);

/// What the site says about containers, for every node.
struct ContainerSite {
  std::string cache;               // folder on each node, below which each user has one
  base::Bytes cache_limit;         // of one user's images on a node; those in use count and stay
  std::vector<std::string> binds;  // folders of the node that containers see at the same path

  bool operator==(const ContainerSite&) const = default;
};

}  // namespace model
