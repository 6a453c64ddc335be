#include "lib/model/mount_plan.h"

#include "lib/base/bytes.h"
#include "lib/base/text.h"

namespace model {

namespace {

using Words = std::vector<std::string>;

/// "-o a,b", or nothing.
void add_options(Words& arguments, const Words& options) {
  if (options.empty()) return;
  arguments.emplace_back("-o");
  arguments.push_back(base::join(options, ","));
}

/// What is handed on as it is, and how it may be used.
Words common_options(const Mount& mount) {
  Words options;
  for (const auto& [name, value] : mount.options) {
    if (name == "ro" || name == "rw") options.push_back(name);
    if (name == "o") options.push_back(value);
  }
  return options;
}

/// By the machine's own program; nothing of it is kept in /run.
Words by_mount(const char* type, const Words& options, const std::string& source,
               const std::string& point) {
  Words arguments{"mount", "-n", "-t", type};
  add_options(arguments, options);
  arguments.push_back(source);
  arguments.push_back(point);
  return arguments;
}

Words mount_of_tmpfs(const Mount& mount, const std::string& point) {
  const auto* mode = find_option(mount, "mode");
  Words options{"mode=" + (mode != nullptr ? *mode : "700")};
  const auto* size = find_option(mount, "size");
  const auto bytes = size != nullptr ? base::parse_memory(*size) : base::Result<base::Bytes>();
  if (size != nullptr && bytes) options.push_back("size=" + std::to_string(bytes->count()));
  return by_mount("tmpfs", options, "tmpfs", point);
}

Words mount_of_smb(const Mount& mount, const std::string& point) {
  auto options = common_options(mount);
  if (const auto* file = find_option(mount, "credentials"))
    options.push_back("credentials=" + *file);
  return by_mount("cifs", options, mount.source, point);
}

/// Without a terminal nobody can be asked for a password.
Words mount_of_sshfs(const Mount& mount, const std::string& point) {
  auto options = common_options(mount);
  options.emplace_back("BatchMode=yes");
  if (const auto* file = find_option(mount, "key")) options.push_back("IdentityFile=" + *file);
  Words arguments{"sshfs"};
  add_options(arguments, options);
  if (const auto* port = find_option(mount, "port"))
    arguments.insert(arguments.end(), {"-p", *port});
  arguments.insert(arguments.end(), {mount.source, point});
  return arguments;
}

Words mount_of_rclone(const Mount& mount, const std::string& point) {
  Words arguments{"rclone", "mount", "--daemon"};
  if (find_option(mount, "ro") != nullptr) arguments.emplace_back("--read-only");
  if (const auto* file = find_option(mount, "credentials"))
    arguments.insert(arguments.end(), {"--config", *file});
  arguments.insert(arguments.end(), {mount.source, point});
  return arguments;
}

Words arguments_of(const Mount& mount, const std::string& point, const std::string& scratch) {
  switch (mount.kind) {
    case MountKind::bind: {
      Words arguments{"mount", "-n", "--bind"};
      add_options(arguments, common_options(mount));
      arguments.insert(arguments.end(), {mount.source, point});
      return arguments;
    }
    case MountKind::tmpfs:
      return mount_of_tmpfs(mount, point);
    case MountKind::overlay:
      return by_mount("overlay",
                      {"lowerdir=" + mount.source, "upperdir=" + scratch + "/upper",
                       "workdir=" + scratch + "/work"},
                      "overlay", point);
    case MountKind::nfs:
      return by_mount("nfs", common_options(mount), mount.source, point);
    case MountKind::smb:
      return mount_of_smb(mount, point);
    case MountKind::sshfs:
      return mount_of_sshfs(mount, point);
    case MountKind::rclone:
      return mount_of_rclone(mount, point);
    case MountKind::command:
      return {"/bin/sh", "-c", mount.source + " \"$0\"", point};
  }
  return {};
}

}  // namespace

MountPlan plan_mount(const Mount& mount, const std::string& mount_root,
                     const std::string& scratch) {
  const bool is_absolute = mount.target.starts_with('/');
  MountPlan plan{.point = is_absolute ? mount.target : mount_root + "/" + mount.target,
                 .is_point_made = !is_absolute,
                 .folders = {},
                 .arguments = {}};
  plan.arguments = arguments_of(mount, plan.point, scratch);
  if (mount.kind == MountKind::overlay) plan.folders = {scratch + "/upper", scratch + "/work"};
  return plan;
}

}  // namespace model
