#include "nodeprep/probe/kernel_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/owned_fd.h"

#include "lib/loop/process_table.h"

namespace probe {

namespace {

constexpr std::size_t longest_record = 8192;
constexpr std::size_t most_read = std::size_t{32} << 20;
constexpr std::size_t kept_limit = std::size_t{1} << 20;

/// Of /dev/kmsg each read gives one record.
std::string read_all(int file) {
  std::string text;
  std::array<char, longest_record> buffer{};
  while (text.size() < most_read) {
    const auto n = read(file, buffer.data(), buffer.size());
    // Some were overwritten before they were read: the next ones are there.
    if (n < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
}

/// The boot, the next record, and the grave lines, a line each.
judge::KernelLog read_kept(const std::string& path, const std::string& boot) {
  judge::KernelLog log;
  const auto text = loop::read_file(path, kept_limit);
  if (!text) return log;
  const auto lines = base::split(*text, '\n');
  if (lines.size() < 2 || lines[0] != boot) return log;
  const auto next = base::parse_int(lines[1], 0, std::numeric_limits<std::int64_t>::max());
  if (!next) return log;
  log.next = static_cast<std::uint64_t>(*next);
  for (std::size_t i = 2; i < lines.size(); ++i) {
    if (!lines[i].empty()) log.grave.emplace_back(lines[i]);
  }
  return log;
}

}  // namespace

std::vector<judge::KernelRecord> read_kernel_records(const std::string& path) {
  std::vector<judge::KernelRecord> records;
  const loop::OwnedFd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return records;
  const auto text = read_all(file.get());
  for (const auto line : base::split(text, '\n')) {
    if (auto record = judge::record_from_line(line)) records.push_back(*std::move(record));
  }
  return records;
}

KernelLook look_at_kernel_log(const std::string& folder,
                              const std::vector<judge::KernelRecord>& records) {
  KernelLook look;
  const auto boot = loop::boot_id().value_or("");
  const auto path = folder + "/kernel_log";
  if (!folder.empty()) look.log = read_kept(path, boot);
  const auto before = look.log;
  look.notes = judge::take_in(look.log, records);
  const auto forget = folder + "/forget";
  const bool is_forgotten = !folder.empty() && access(forget.c_str(), F_OK) == 0;
  if (is_forgotten) look.log.grave.clear();
  if (folder.empty() || (look.log == before && !is_forgotten)) return look;
  // Where it cannot be written, the disk's own check says so.
  const auto kept = loop::write_file_atomic(
      path, fmt::format("{}\n{}\n{}\n", boot, look.log.next, base::join(look.log.grave, "\n")),
      {.mode = 0600});
  if (kept && is_forgotten) (void)unlink(forget.c_str());
  return look;
}

}  // namespace probe
