#include "launcher/map/container_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "lib/base/text.h"

namespace mapping {

namespace {

using model::ContainerRuntime;
using model::ImageKind;

constexpr std::size_t longest_entry_name = 80;
constexpr std::uint64_t bytes_of_kib = 1024;

struct RuntimeProgram {
  ContainerRuntime runtime;
  const char* program;
};

/// The best first: what needs least beside the kernel.
constexpr std::array<RuntimeProgram, 4> runtimes{{{ContainerRuntime::bubblewrap, "bwrap"},
                                                  {ContainerRuntime::charliecloud, "ch-run"},
                                                  {ContainerRuntime::apptainer, "apptainer"},
                                                  {ContainerRuntime::podman, "podman"}}};

// Folders of the image's own system: those of the node are never put over them.
constexpr std::array<std::string_view, 14> own_folders{"/",     "/bin",   "/boot",  "/dev",  "/etc",
                                                       "/lib",  "/lib32", "/lib64", "/proc", "/run",
                                                       "/sbin", "/sys",   "/usr",   "/var"};

std::string in(const std::string& node_text) {
  return node_text + "; ask those who run the cluster, or choose other nodes with --constraint";
}

/// FNV-1a, for names that differ only in what a file name cannot hold.
std::string digest(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return fmt::format("{:016x}", hash);
}

std::string plain_name(std::string_view reference) {
  constexpr std::string_view scheme = "docker://";
  return std::string(reference.starts_with(scheme) ? reference.substr(scheme.size()) : reference);
}

// $1 reference, $2 entry, $3 file with credentials. The image is complete when it has its name.
constexpr std::string_view fetch_begin = R"(set -eu
umask 022
touch "$2.lock"
exec 9>>"$2.making"
flock 9
if [ -e "$2/size" ]; then exit 0; fi
for left in "$2" "$2.part"; do
  if [ -e "$left" ]; then chmod -R u+rwX "$left"; rm -rf "$left"; fi
done
part=$2.part
mkdir "$part" "$part/root"
)";

constexpr std::string_view fetch_end = R"(
chmod u+rwx "$part/root"
du -sk "$part" | cut -f 1 >"$part/size"
mv "$part" "$2"
)";

// Its store is of this image alone, so that nothing of the user's own is touched. Podman refuses
// long paths for what it runs.
constexpr std::string_view fetch_podman = R"(
if [ -n "$3" ]; then export REGISTRY_AUTH_FILE="$3"; fi
store=$part/store
run=$(mktemp -d /tmp/muster-XXXXXXXX)
trap 'rm -rf "$run"' EXIT
pod() { podman --root "$store" --runroot "$run" --storage-driver "$driver" "$@"; }
driver=overlay
if ! pod info >/dev/null 2>&1; then
  driver=vfs
  rm -rf "$store"
fi
image=$(pod pull -q "$1" | tail -n 1)
pod image inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$image" >"$part/env"
container=$(pod create "$image" /bin/true)
pod export -o "$part/root.tar" "$container"
pod rm "$container" >/dev/null
umount "$store/overlay" 2>/dev/null || :
rm -rf "$store" 2>/dev/null || podman unshare rm -rf "$store"
)";

constexpr std::string_view podman_end = R"(
rm "$part/root.tar"
mkdir -p "$part/root/ch"
mv "$part/env" "$part/root/ch/environment"
)";

constexpr std::string_view fetch_apptainer = R"(
export APPTAINER_CACHEDIR="$part/cache"
apptainer build --force --sandbox ${3:+--authfile "$3"} "$part/root" "$1"
rm -rf "$part/cache"
)";

constexpr std::string_view fetch_charliecloud = R"(
export CH_IMAGE_STORAGE="$part/store"
ch-image pull "$1"
rmdir "$part/root"
ch-convert -i ch-image -o dir "$1" "$part/root"
rm -rf "$part/store"
)";

/// A user who is not root can make no device files, which images in tar files may have.
std::string untar(const char* file, bool is_root) {
  return fmt::format("tar -xpf \"{}\" -C \"$part/root\"{}", file,
                     is_root ? "" : " --no-same-owner --exclude='./dev/*' --exclude='dev/*'");
}

std::string fetch_script(Unpacker unpacker, bool is_root) {
  std::string script(fetch_begin);
  switch (unpacker) {
    case Unpacker::none:
      return {};
    case Unpacker::tar:
      script += untar("$1", is_root);
      break;
    case Unpacker::podman:
      script += fetch_podman;
      script += untar("$part/root.tar", is_root);
      script += podman_end;
      break;
    case Unpacker::apptainer:
      script += fetch_apptainer;
      break;
    case Unpacker::charliecloud:
      script += fetch_charliecloud;
      break;
  }
  return script + std::string(fetch_end);
}

std::string folder_of_socket(const std::string& address) {
  constexpr std::string_view scheme = "unix:/";
  if (!address.starts_with(scheme)) return {};
  const auto path = address.substr(scheme.size() - 1);
  return path.substr(0, path.rfind('/'));
}

void add_binds(std::vector<std::string>& arguments, const std::vector<Bind>& binds,
               const char* option, std::string_view suffix) {
  for (const auto& bind : binds) {
    arguments.emplace_back(option);
    arguments.push_back(fmt::format("{}:{}{}", bind.source, bind.target, suffix));
  }
}

std::vector<std::string> bubblewrap(const ContainerPlan& plan) {
  std::vector<std::string> arguments{"bwrap",  "--die-with-parent",
                                     "--bind", plan.root,
                                     "/",      "--dev-bind",
                                     "/dev",   "/dev",
                                     "--bind", "/proc",
                                     "/proc",  "--bind",
                                     "/sys",   "/sys"};
  for (const auto& bind : plan.binds) {
    for (const auto& word : {std::string("--bind"), bind.source, bind.target})
      arguments.push_back(word);
  }
  for (const auto* word : {"--chdir", "/", "--"}) arguments.emplace_back(word);
  return arguments;
}

std::vector<std::string> charliecloud(const ContainerPlan& plan) {
  std::vector<std::string> arguments{"ch-run", "--write", "--no-passwd", "--private-tmp"};
  add_binds(arguments, plan.binds, "-b", "");
  arguments.insert(arguments.end(), {"--cd", "/", plan.root, "--"});
  return arguments;
}

std::vector<std::string> apptainer(const ContainerPlan& plan) {
  std::vector<std::string> arguments{"apptainer",  "--silent", "exec",  "--writable", "--no-home",
                                     "--no-mount", "tmp,cwd",  "--pwd", "/"};
  add_binds(arguments, plan.binds, "-B", "");
  arguments.push_back(plan.root);
  return arguments;
}

std::vector<std::string> podman(const ContainerPlan& plan) {
  std::vector<std::string> arguments{"podman",
                                     "--log-level=error",
                                     "--cgroup-manager=cgroupfs",
                                     "run",
                                     "--rm",
                                     "--interactive",
                                     "--privileged",
                                     "--pid=host",
                                     "--ipc=host",
                                     "--network=host",
                                     "--uts=host",
                                     "--cgroupns=host",
                                     "--no-hosts",
                                     "--workdir=/"};
  add_binds(arguments, {{"/dev", "/dev"}}, "-v", "");
  add_binds(arguments, plan.binds, "-v", "");
  arguments.insert(arguments.end(), {"--rootfs", plan.root});
  return arguments;
}

}  // namespace

const std::vector<std::string>& container_programs() {
  static const std::vector<std::string> names{"bwrap",  "ch-run",   "apptainer",
                                              "podman", "ch-image", "ch-convert"};
  return names;
}

base::Result<ContainerRuntime> choose_runtime(const model::Image& image,
                                              const std::set<std::string>& programs, bool is_root) {
  const bool is_any = image.runtime == ContainerRuntime::automatic;
  for (const auto& [runtime, program] : runtimes) {
    if (!is_any && runtime != image.runtime) continue;
    const bool is_for_root_only = runtime == ContainerRuntime::podman;
    if (programs.contains(program) && (is_root || !is_for_root_only)) return runtime;
    if (is_any) continue;
    return base::fail(base::Code::unavailable,
                      programs.contains(program)
                          ? "podman starts containers for root's jobs only; leave out "
                            "--image-runtime"
                          : in(fmt::format("there is no {} in PATH of its agent", program)));
  }
  return base::fail(base::Code::unavailable,
                    in("it has nothing that starts containers: none of bwrap (bubblewrap), ch-run "
                       "(Charliecloud), apptainer and podman is in PATH of its agent"));
}

base::Result<Unpacker> choose_unpacker(const model::Image& image,
                                       const std::set<std::string>& programs) {
  const auto kind = model::kind_of(image.reference);
  if (kind == ImageKind::folder) return Unpacker::none;
  if (kind == ImageKind::tar) return Unpacker::tar;
  const bool has_charliecloud = programs.contains("ch-image") && programs.contains("ch-convert");
  if (kind != ImageKind::file && programs.contains("podman")) return Unpacker::podman;
  if (programs.contains("apptainer")) return Unpacker::apptainer;
  if (kind == ImageKind::registry && has_charliecloud && image.auth.empty())
    return Unpacker::charliecloud;
  const auto* wanted = kind == ImageKind::file      ? "apptainer"
                       : kind == ImageKind::archive ? "podman or apptainer"
                       : image.auth.empty()         ? "podman, apptainer or ch-image (Charliecloud)"
                                            : "podman or apptainer, which take --image-auth,";
  return base::fail(
      base::Code::unavailable,
      in(fmt::format("it has nothing that unpacks such an image: {} is not in PATH of its agent",
                     wanted)));
}

std::string entry_name(std::string_view reference, std::string_view version) {
  std::string name;
  for (const char c : plain_name(reference)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-';
    name += is_plain ? c : '_';
  }
  if (name.size() > longest_entry_name) name.erase(0, name.size() - longest_entry_name);
  return "image-" + name + "-" + digest(fmt::format("{}\n{}", plain_name(reference), version));
}

std::vector<std::string> fetch_arguments(Unpacker unpacker, const model::Image& image,
                                         const std::string& entry, bool is_root) {
  auto reference = image.reference;
  const auto kind = model::kind_of(reference);
  if (kind == ImageKind::registry) {
    reference = plain_name(reference);
    if (unpacker != Unpacker::charliecloud) reference.insert(0, "docker://");
  }
  return {
      "/bin/sh", "-c",      fetch_script(unpacker, is_root), "muster-image", std::move(reference),
      entry,     image.auth};
}

std::vector<std::string> beyond_limit(std::vector<CacheEntry> entries, base::Bytes limit) {
  std::uint64_t total = 0;
  for (const auto& entry : entries) total += entry.size.count();
  std::ranges::stable_sort(entries, {}, &CacheEntry::used_at);
  std::vector<std::string> going;
  for (const auto& entry : entries) {
    if (total <= limit.count()) break;
    if (entry.is_in_use) continue;
    total -= entry.size.count();
    going.push_back(entry.name);
  }
  return going;
}

std::vector<std::string> shared_folders(const model::LaunchOrder& order, const LaunchPlace& place,
                                        const std::string& launches) {
  const auto& job = *order.job;
  std::vector<std::string> folders{launches, job.work_dir, place.shared_tmp,
                                   folder_of_socket(order.controller),
                                   folder_of_socket(order.head_address)};
  const auto home = job.environment.find("HOME");
  if (home != job.environment.end()) folders.push_back(home->second);
  for (const auto& mount : job.preparation.mounts) folders.push_back(mount.target);
  folders.insert(folders.end(), order.containers.binds.begin(), order.containers.binds.end());
  for (auto& folder : folders) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  }
  std::erase_if(folders, [](const std::string& folder) {
    return !folder.starts_with('/') || std::ranges::find(own_folders, folder) != own_folders.end();
  });
  std::ranges::sort(folders);
  folders.erase(std::ranges::unique(folders).begin(), folders.end());
  return folders;
}

std::vector<std::string> start_arguments(const ContainerPlan& plan) {
  auto all = plan;
  if (!plan.shm.empty()) all.binds.push_back({plan.shm, "/dev/shm"});
  std::vector<std::string> arguments;
  switch (plan.runtime) {
    case ContainerRuntime::automatic:
    case ContainerRuntime::bubblewrap:
      arguments = bubblewrap(all);
      break;
    case ContainerRuntime::charliecloud:
      arguments = charliecloud(all);
      break;
    case ContainerRuntime::apptainer:
      arguments = apptainer(all);
      break;
    case ContainerRuntime::podman:
      arguments = podman(all);
      break;
  }
  arguments.push_back(plan.holder);
  return arguments;
}

std::vector<std::string> driver_libraries(std::string_view ldconfig) {
  constexpr std::array<std::string_view, 9> names{
      "libcuda.so",    "libcudadebugger.so", "libnvidia-",
      "libnvcuvid.so", "libnvoptix.so",      "libGLX_nvidia",
      "libEGL_nvidia", "libvdpau_nvidia.so", "libGLESv2_nvidia"};
  std::vector<std::string> paths;
  std::set<std::string_view> seen;
  for (const auto line : base::split(ldconfig, '\n')) {
    const auto text = base::trim(line);
    const auto arrow = text.find(" => ");
    // Those of another word size have no more than (libc6).
    if (arrow == text.npos || !text.contains("(libc6,")) continue;
    const auto name = text.substr(0, text.find(' '));
    const bool is_of_driver =
        std::ranges::any_of(names, [&](auto start) { return name.starts_with(start); });
    if (is_of_driver && seen.insert(name).second) paths.emplace_back(text.substr(arrow + 4));
  }
  return paths;
}

std::vector<std::string> loaded_libraries(std::string_view trace) {
  std::vector<std::string> paths;
  std::string linker;
  for (const auto line : base::split(trace, '\n')) {
    const auto text = base::trim(line);
    const auto arrow = text.find(" => ");
    const auto path = arrow == text.npos ? text : text.substr(arrow + 4);
    if (!path.starts_with('/')) continue;
    const auto name = std::string(path.substr(0, path.find(" (")));
    (arrow == text.npos ? linker : paths.emplace_back()) = name;
  }
  if (!linker.empty()) paths.push_back(std::move(linker));
  return paths;
}

void add_image_environment(std::string_view text, model::Environment& environment) {
  for (const auto line : base::split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals == line.npos || equals == 0 || line.starts_with('#')) continue;
    environment[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
  }
}

void add_driver_folder(model::Environment& environment) {
  auto& libraries = environment["LD_LIBRARY_PATH"];
  libraries = driver_folder + (libraries.empty() ? "" : ":" + libraries);
  auto& path = environment["PATH"];
  path = (path.empty() ? "/usr/local/bin:/usr/bin:/bin" : path) + ":" + driver_folder;
}

}  // namespace mapping
