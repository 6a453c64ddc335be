#pragma once
// How a node gets the image of a job and starts its container: which tools of those that it has,
// and their command lines. What a runtime is asked for is one call that starts a program of ours in
// a root file system; all processes of the job join that one (launcher/exec/container.h).

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/map/environment.h"
#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/model/image.h"
#include "lib/model/launch.h"

namespace mapping {

/// Where a container has our programs, and the GPU driver's libraries.
inline constexpr const char* programs_inside = "/.muster/bin";
inline constexpr const char* driver_folder = "/.muster-gpu";

/// Names of the programs that matter here; a node's are found in PATH.
const std::vector<std::string>& container_programs();

/// What starts the container: what the job asks for, or the first of those that the node has.
/// Podman only does it for root here.
///
/// errors    unavailable: the node has none, or not the wanted one
base::Result<model::ContainerRuntime> choose_runtime(const model::Image& image,
                                                     const std::set<std::string>& programs,
                                                     bool is_root);

/// What makes an unpacked root file system of the image.
enum class Unpacker { none, tar, podman, apptainer, charliecloud };

/// errors    unavailable: the node has none that can
base::Result<Unpacker> choose_unpacker(const model::Image& image,
                                       const std::set<std::string>& programs);

/// Name of the image's entry in the cache; `version` differs where the image's file does.
std::string entry_name(std::string_view reference, std::string_view version);

/// Command line that makes the folder `entry` with `root` and `size` (KiB) in it, under the lock
/// `entry`.making, unless it is there.
std::vector<std::string> fetch_arguments(Unpacker unpacker, const model::Image& image,
                                         const std::string& entry, bool is_root);

struct CacheEntry {
  std::string name;
  base::Bytes size;
  std::int64_t used_at = 0;  // any unit
  bool is_in_use = false;
};

/// Names of those that go, the one that was used longest ago first, so that the others fit.
std::vector<std::string> beyond_limit(std::vector<CacheEntry> entries, base::Bytes limit);

/// Something of the node that is in the container at `target`.
struct Bind {
  std::string source;
  std::string target;

  bool operator==(const Bind&) const = default;
};

/// Folders of the node that the job sees at their paths, the outer ones first. Those that the
/// system of the image needs for itself, such as /usr, are none of them. Some may not exist.
std::vector<std::string> shared_folders(const model::LaunchOrder& order, const LaunchPlace& place,
                                        const std::string& launches);

struct ContainerPlan {
  model::ContainerRuntime runtime = model::ContainerRuntime::bubblewrap;
  std::string root;         // what becomes "/"; writable
  std::vector<Bind> binds;  // their targets are there
  std::string shm;          // becomes /dev/shm; empty: that of the node
  std::string holder;       // program in the container that is started
};

std::vector<std::string> start_arguments(const ContainerPlan& plan);

/// Paths of the libraries of GPU drivers in the output of `ldconfig -p`, one of each name.
std::vector<std::string> driver_libraries(std::string_view ldconfig);

/// What a dynamic linker loads, of what it prints for LD_TRACE_LOADED_OBJECTS: the linker last.
std::vector<std::string> loaded_libraries(std::string_view trace);

/// The variables that an image brings along, of its file /ch/environment; they win over those that
/// came with the job.
void add_image_environment(std::string_view text, model::Environment& environment);

/// Programs find the driver's libraries, which fit the node's kernel and no other.
void add_driver_folder(model::Environment& environment);

}  // namespace mapping
