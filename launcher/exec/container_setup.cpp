#include "launcher/exec/container_setup.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "launcher/exec/root_points.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

namespace fs = std::filesystem;

constexpr const char* tools_point = "/.muster";
// Between what our programs load and what the node has, and at the end.
constexpr std::string_view look_middle = "== libraries of the node ==\n";
constexpr std::string_view look_end = "== end ==\n";

/// Of a file that an entry of the cache is made of: other contents, another entry.
std::string version_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return {};
  return std::to_string(status.st_size) + " " + std::to_string(status.st_ino) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

/// Where this node has its tools, whatever PATH the job came with.
std::string own_search_path() {
  const char* own = std::getenv("PATH");
  const std::string standard = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
  return own == nullptr || *own == '\0' ? standard : std::string(own) + ":" + standard;
}

std::set<std::string> find_programs(const std::string& search_path) {
  std::set<std::string> found;
  for (const auto& name : mapping::container_programs()) {
    for (const auto folder : base::split(search_path, ':')) {
      if (folder.empty() || access((std::string(folder) + "/" + name).c_str(), X_OK) != 0) continue;
      found.insert(name);
      break;
    }
  }
  return found;
}

base::Result<void> copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (!error) return {};
  return base::fail_errno(error.value(), "cannot copy '" + from + "' to '" + to + "'");
}

/// Names under which our programs are called in jobs, each a link to the holder.
base::Result<void> link_names(const std::string& programs, const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder + "/bin/mpi", error);
  for (const auto* name : {"muster", "submit", "muster-rsh"}) {
    if (!error) fs::create_symlink("../hold", folder + "/bin/" + name, error);
  }
  std::error_code none;
  for (const auto& item : fs::directory_iterator(programs + "/mpi", none)) {
    const auto name = item.path().filename().string();
    if (!error) fs::create_symlink("../../hold", folder + "/bin/mpi/" + name, error);
  }
  if (!error) return {};
  return base::fail_errno(error.value(), "cannot make the links in '" + folder + "'");
}

}  // namespace

ContainerSetup::ContainerSetup(const Launch& launch)
    : launch_(launch),
      image_(launch.order.job->preparation.image),
      folder_(launch.place.container),
      search_path_(own_search_path()) {
  plan_.root = folder_ + "/root";
  plan_.holder = std::string(tools_point) + "/hold";
}

ContainerSetup::~ContainerSetup() {
  // The last one first; processes that are left in the container keep what they see.
  for (auto point = mounted_.rbegin(); point != mounted_.rend(); ++point)
    (void)umount2(point->c_str(), MNT_DETACH);
}

std::string ContainerSetup::layer(const char* name) const {
  return folder_ + "/layers/" + name;
}

base::Result<void> ContainerSetup::choose() {
  programs_ = find_programs(search_path_);
  const auto runtime = mapping::choose_runtime(image_, programs_, geteuid() == 0);
  if (!runtime) return std::unexpected(runtime.error());
  plan_.runtime = *runtime;
  const auto unpacker = mapping::choose_unpacker(image_, programs_);
  if (!unpacker) return std::unexpected(unpacker.error());
  unpacker_ = *unpacker;
  auto cache = ImageCache::open(launch_.order.containers.cache);
  if (!cache) return std::unexpected(std::move(cache).error());
  cache_.emplace(std::move(*cache));
  tools_ = cache_->path(
      "tools-" +
      mapping::entry_name(launch_.programs, version_of(launch_.programs + "/muster") +
                                                version_of(launch_.programs + "/muster-hold")));
  const auto path = model::path_of(image_.reference);
  if (!path.empty() && access(path.c_str(), R_OK) != 0)
    return base::fail_errno(errno, "cannot read '" + path + "' on this node");
  if (unpacker_ == mapping::Unpacker::none) {
    lower_ = path;
  } else {
    entry_ = mapping::entry_name(image_.reference, path.empty() ? "" : version_of(path));
    lower_ = cache_->path(entry_) + "/root";
  }
  return {};
}

std::optional<std::vector<std::string>> ContainerSetup::fetch() {
  if (entry_.empty()) return std::nullopt;
  if (!hold_) hold_ = cache_->hold(entry_);
  if (hold_) return std::nullopt;
  return mapping::fetch_arguments(unpacker_, image_, cache_->path(entry_), geteuid() == 0);
}

base::Result<void> ContainerSetup::take() {
  if (!entry_.empty() && !hold_) {
    return base::fail(base::Code::not_found,
                      "it was removed from '" + cache_->path(entry_) +
                          "' while it was being fetched; is containers.cache_limit too small?");
  }
  struct stat status{};
  if (stat(lower_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return base::fail(base::Code::not_found, "'" + lower_ + "' is no folder on this node");
  if (!has_directory(lower_, "/etc") || !has_directory(lower_, "/usr")) {
    return base::fail(base::Code::invalid, "'" + lower_ +
                                               "' is no root file system: it lacks /etc or /usr; "
                                               "was the image made of what was meant?");
  }
  return {};
}

bool ContainerSetup::has_tools() const {
  return access((tools_ + "/hold").c_str(), X_OK) == 0;
}

std::optional<std::vector<std::string>> ContainerSetup::look() const {
  const bool needs_drivers = !gpus_of(launch_.order).empty();
  if (has_tools() && !needs_drivers) return std::nullopt;
  const std::string script = "for file; do ldd \"$file\" || :; done 2>/dev/null; echo '" +
                             std::string(base::trim(look_middle)) + "'; ldconfig -p || :; echo '" +
                             std::string(base::trim(look_end)) + "'";
  return std::vector<std::string>{"/bin/sh",
                                  "-c",
                                  script,
                                  "muster-look",
                                  launch_.programs + "/muster",
                                  launch_.programs + "/muster-tls.so"};
}

bool ContainerSetup::is_complete(std::string_view looked) {
  return looked.ends_with(look_end);
}

/// Another launch of this user may do the same: whoever is last finds it done.
base::Result<void> ContainerSetup::make_tools(std::string_view trace) const {
  const std::string part = tools_ + "." + std::to_string(getpid()) + ".part";
  const std::string root = part.substr(0, part.rfind('/'));
  (void)loop::remove_tree(part, root);
  auto made = loop::make_directories(part + "/lib", 0755);
  const auto add = [&made](const std::string& from, const std::string& to) {
    if (made) made = copy(from, to);
  };
  const auto libraries = mapping::loaded_libraries(trace);
  for (const auto& path : libraries) add(path, part + "/lib/" + path.substr(path.rfind('/') + 1));
  if (!libraries.empty()) add(libraries.back(), part + "/lib/ld.so");
  add(launch_.programs + "/muster", part + "/lib/muster");
  if (access((launch_.programs + "/muster-tls.so").c_str(), F_OK) == 0)
    add(launch_.programs + "/muster-tls.so", part + "/lib/muster-tls.so");
  if (made) made = link_names(launch_.programs, part);
  add(launch_.programs + "/muster-hold", part + "/hold");
  if (!made) return made;
  if (rename(part.c_str(), tools_.c_str()) != 0 && !has_tools())
    return base::fail_errno(errno, "cannot make '" + tools_ + "'");
  (void)loop::remove_tree(part, root);
  return {};
}

void ContainerSetup::find_binds(std::string_view ldconfig) {
  plan_.binds.push_back({tools_, tools_point});
  const auto launches = fs::path(launch_.dir.of(launch_.order.key)).parent_path().string();
  for (const auto& folder : mapping::shared_folders(launch_.order, launch_.place, launches)) {
    if (access(folder.c_str(), F_OK) == 0) plan_.binds.push_back({folder, folder});
  }
  if (gpus_of(launch_.order).empty()) return;
  auto files = mapping::driver_libraries(ldconfig);
  if (access("/usr/bin/nvidia-smi", X_OK) == 0) files.emplace_back("/usr/bin/nvidia-smi");
  for (const auto& path : files) {
    plan_.binds.push_back({path, mapping::driver_folder + path.substr(path.rfind('/'))});
  }
}

base::Result<void> ContainerSetup::make_point(const mapping::Bind& bind) const {
  struct stat status{};
  const bool is_folder = stat(bind.source.c_str(), &status) != 0 || S_ISDIR(status.st_mode);
  return add_point(lower_, layer("upper"), bind.target, is_folder);
}

/// So that ids have names in there; what the image says about them stays.
base::Result<void> ContainerSetup::write_users() const {
  const auto& user = launch_.order.user;
  const std::string name = user.uid == geteuid() && !user.name.empty() ? user.name : "user";
  const auto uid = std::to_string(geteuid());
  const auto gid = std::to_string(getegid());
  const auto home = launch_.order.job->environment.find("HOME");
  const std::string folder = home == launch_.order.job->environment.end() ? "/" : home->second;
  auto done = add_line(lower_, layer("upper"), "/etc/passwd", uid,
                       name + ":x:" + uid + ":" + gid + ":" + name + ":" + folder + ":/bin/sh");
  if (done) done = add_line(lower_, layer("upper"), "/etc/group", gid, name + ":x:" + gid + ":");
  for (const auto* path : {"/etc/hosts", "/etc/resolv.conf"}) {
    if (done) done = copy_in(lower_, layer("upper"), path);
  }
  return done;
}

/// Everything that the container has beside the image.
base::Result<void> ContainerSetup::fill_upper() const {
  for (const auto* name : {"upper", "work"}) {
    auto made = loop::make_directories(layer(name), 0755);
    if (!made) return made;
  }
  for (const auto* folder : {"/dev", "/proc", "/sys", "/tmp"}) {
    auto made = add_point(lower_, layer("upper"), folder, true);
    if (!made) return made;
  }
  // The image's own is for all, too; this one is the job's.
  (void)chmod((layer("upper") + "/tmp").c_str(), 01777);
  for (const auto& bind : plan_.binds) {
    if (auto made = make_point(bind); !made) return made;
  }
  return write_users();
}

/// Open folders stand for their paths, which may have what separates options.
base::Result<void> ContainerSetup::mount_layers() {
  const auto open_folder = [](const std::string& path) {
    return loop::OwnedFd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  };
  const auto lower = open_folder(lower_);
  const auto upper = open_folder(layer("upper"));
  const auto work = open_folder(layer("work"));
  const auto in = [](const loop::OwnedFd& file) {
    return "/proc/self/fd/" + std::to_string(file.get());
  };
  std::string options = "lowerdir=" + in(lower) + ",upperdir=" + in(upper) + ",workdir=" + in(work);
  if (geteuid() != 0) options += ",userxattr";
  if (mount("muster", plan_.root.c_str(), "overlay", 0, options.c_str()) == 0) {
    mounted_.push_back(plan_.root);
    return {};
  }
  return base::fail_errno(errno,
                          "cannot put a writable layer over the image (man 5 overlayfs; for "
                          "users other than root from Linux 5.11 on)");
}

base::Result<void> ContainerSetup::mount_shm() {
  if (image_.shm == base::Bytes()) return {};
  plan_.shm = folder_ + "/shm";
  if (auto made = loop::make_directories(plan_.shm, 0755); !made) return made;
  const auto options = "mode=1777,size=" + std::to_string(image_.shm.count());
  if (mount("muster", plan_.shm.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    return base::fail_errno(errno, "cannot make a /dev/shm of " + base::to_text(image_.shm));
  mounted_.push_back(plan_.shm);
  return {};
}

base::Result<void> ContainerSetup::build(std::string_view looked) {
  const auto middle = looked.find(look_middle);
  const auto trace = looked.substr(0, middle);
  if (!has_tools()) {
    if (auto made = make_tools(trace); !made) return made;
  }
  find_binds(middle == looked.npos ? std::string_view() : looked.substr(middle));
  for (const auto& folder : {plan_.root, layer(""), launch_.place.session_root}) {
    if (folder.empty()) continue;
    if (auto made = loop::make_directories(folder, 0700); !made) return made;
  }
  if (auto filled = fill_upper(); !filled) return filled;
  auto mounted = mount_layers();
  if (!mounted) {
    // Not every file system can be the upper one: that in memory can.
    if (mount("muster", layer("").c_str(), "tmpfs", 0, "mode=0755") != 0) return mounted;
    mounted_.push_back(layer(""));
    if (auto filled = fill_upper(); !filled) return filled;
    mounted = mount_layers();
  }
  return mounted ? mount_shm() : mounted;
}

std::vector<std::string> ContainerSetup::start() const {
  return mapping::start_arguments(plan_);
}

void ContainerSetup::adjust(model::Environment& environment) const {
  environment["PATH"] = search_path_;
  environment.emplace("USER", launch_.order.user.name);
  environment.emplace("HOME", "/");
}

std::optional<std::vector<std::string>> ContainerSetup::clean_up() const {
  return cache_ ? cache_->clean_up(launch_.order.containers.cache_limit) : std::nullopt;
}

}  // namespace exec
