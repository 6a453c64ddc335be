#include "nodeprep/probe/vitals.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string_view>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"
#include "lib/loop/process_table.h"

namespace probe {

namespace {

constexpr std::size_t proc_limit = std::size_t{1} << 16;

base::Result<judge::Disk> read_disk(const std::string& path) {
  struct statvfs found{};
  if (statvfs(path.c_str(), &found) != 0)
    return base::fail_errno(errno, fmt::format("cannot look at the disk of '{}'", path));
  return judge::Disk{.path = path,
                     .free = base::Bytes(std::uint64_t{found.f_bavail} * found.f_frsize),
                     .is_read_only = (found.f_flag & ST_RDONLY) != 0};
}

base::Result<base::Bytes> read_available(const std::string& root) {
  const auto path = root + "/proc/meminfo";
  const auto text = loop::read_file(path, proc_limit);
  if (!text) return std::unexpected(text.error());
  constexpr std::string_view key = "MemAvailable:";
  for (const auto line : base::split(*text, '\n')) {
    if (!line.starts_with(key)) continue;
    const auto words = base::split(base::trim(line.substr(key.size())), ' ');
    const auto kilobytes =
        base::parse_int(words.front(), 0, std::numeric_limits<std::int64_t>::max() / 1024);
    if (kilobytes) return base::Bytes(static_cast<std::uint64_t>(*kilobytes) * 1024);
  }
  return base::fail(base::Code::corrupt, path + ": expected a line MemAvailable");
}

/// Those of devices that are up: bridges and the like come and go with containers.
std::vector<std::string> read_interfaces(const std::string& root) {
  std::vector<std::string> names;
  const auto path = root + "/sys/class/net";
  const loop::Folder folder(opendir(path.c_str()));
  if (!folder) return names;
  while (const auto* entry = readdir(folder.get())) {
    const std::string name(entry->d_name);
    if (name.starts_with(".") || access((path + "/" + name + "/device").c_str(), F_OK) != 0)
      continue;
    const auto state = loop::read_file(path + "/" + name + "/operstate", proc_limit);
    if (state && base::trim(*state) == "up") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

/// The interfaces that were up at the first look; now is that where the file has none of this boot.
std::vector<std::string> interfaces_before(const std::string& state,
                                           const std::vector<std::string>& now) {
  const auto boot = loop::boot_id().value_or("");
  if (const auto text = loop::read_file(state, proc_limit)) {
    auto lines = base::split(*text, '\n');
    if (!lines.empty() && lines.front() == boot) {
      std::vector<std::string> names;
      for (const auto line : lines) {
        if (line != boot && !line.empty()) names.emplace_back(line);
      }
      return names;
    }
  }
  // Where it cannot be written, the disk's own check says so.
  (void)loop::write_file_atomic(state, boot + "\n" + base::join(now, "\n") + "\n", {.mode = 0600});
  return now;
}

}  // namespace

base::Result<judge::Vitals> read_vitals(const std::vector<std::string>& folders,
                                        const std::string& state, const std::string& root) {
  judge::Vitals vitals;
  for (const auto& folder : folders) {
    auto disk = read_disk(folder);
    if (!disk) return std::unexpected(std::move(disk).error());
    vitals.disks.push_back(*std::move(disk));
  }
  const auto available = read_available(root);
  if (!available) return std::unexpected(available.error());
  vitals.memory_available = *available;
  vitals.interfaces = read_interfaces(root);
  if (!state.empty()) vitals.interfaces_before = interfaces_before(state, vitals.interfaces);
  return vitals;
}

}  // namespace probe
