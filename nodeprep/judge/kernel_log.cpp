#include "nodeprep/judge/kernel_log.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "lib/base/text.h"

namespace judge {

namespace {

constexpr std::int64_t levels =
    8;  // the rest of a record's priority is who wrote it; 0: the kernel
constexpr std::ptrdiff_t most_kept = 64;
constexpr std::size_t most_noted = 16;

constexpr std::array grave_xids{46, 48, 61, 62, 64, 74, 79, 94, 95, 110, 119, 120, 136, 140, 143};
constexpr std::array application_xids{8, 13, 31, 32, 43, 45, 68, 69, 137};

/// A line that begins with one, goes on with the name of a device, and then is another.
struct DeviceLine {
  std::string_view start;
  std::string_view end_of_name;
  std::string_view text;
};

/// Users choose what the kernel puts into its lines: names of processes, 15 characters long at
/// most, at their beginning, and paths behind. So a line must begin as whoever of the kernel writes
/// it.
constexpr std::array disk_lines{
    DeviceLine{"EXT4-fs (", "): ", "Remounting filesystem read-only"},
    DeviceLine{"XFS (", "): ", "Filesystem has been shut down"},
    DeviceLine{"BTRFS info (device ", "): ", "forced readonly"},
    DeviceLine{"critical medium error, dev ", ",", ""},
    DeviceLine{"blk_update_request: critical medium error, dev ", ",", ""},
    DeviceLine{"sd ", ": ", "rejecting I/O to offline device"},
    DeviceLine{"sd ", ": ", "Device offlined - not ready after error recovery"},
    DeviceLine{"nvme nvme", ": ", "Disabling device after reset failure"},
    DeviceLine{"nvme nvme", ": ", "Removing after probe failure status"}};
constexpr std::array<std::string_view, 4> noted_texts{"I/O error, dev ", "BUG: soft lockup - CPU#",
                                                      "blocked for more than",
                                                      "Machine check events logged"};

bool has_one_of(std::string_view text, const auto& patterns) {
  return std::ranges::any_of(patterns, [text](std::string_view pattern) {
    return text.find(pattern) != std::string_view::npos;
  });
}

/// "sda1", "2:0:0:0", "sdb state E": not what follows a process's name.
bool is_device(std::string_view name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_. ";
  return !name.empty() && name.size() < 64 && name.find_first_not_of(letters) == name.npos;
}

bool is_of_disk(std::string_view line) {
  return std::ranges::any_of(disk_lines, [line](const DeviceLine& known) {
    if (!line.starts_with(known.start)) return false;
    const auto end = line.find(known.end_of_name, known.start.size());
    const bool is_named =
        end != line.npos && is_device(line.substr(0, end).substr(known.start.size()));
    return is_named && line.substr(end + known.end_of_name.size()).starts_with(known.text);
  });
}

/// "mce: [Hardware Error]: " or "{1}[Hardware Error]: ", which is longer than a process's name.
bool is_machine_check(std::string_view line) {
  constexpr std::string_view mark = "[Hardware Error]: ";
  const auto at = line.find(mark);
  if (at == line.npos) return false;
  const auto before = line.substr(0, at);
  const bool is_firmware = before.starts_with('{') && before.ends_with('}') &&
                           before.find_first_not_of("0123456789", 1) == before.size() - 1;
  return before.empty() || before == "mce: " || is_firmware;
}

/// "EDAC MC0: 1 UE memory read error on ...": uncorrected errors.
bool is_edac_uncorrected(std::string_view text) {
  constexpr std::string_view start = "EDAC MC";
  if (!text.starts_with(start)) return false;
  const auto words = base::split(text.substr(start.size()), ' ');
  return words.size() > 4 && words[0].ends_with(':') && words[2] == "UE" &&
         !words[3].starts_with('[');
}

bool is_memory_fault(std::string_view text) {
  const bool is_uncorrected =
      is_machine_check(text) && text.find("Uncorrected") != std::string_view::npos;
  return is_edac_uncorrected(text) || is_uncorrected || text.starts_with("Memory failure: 0x");
}

/// "0000:3b:00" or "0000:3b:00.0" as NVML and hwloc write it.
std::optional<std::string> whole_address(std::string_view text) {
  const auto parts = base::split(text, ':');
  const bool is_one = parts.size() == 3 && parts[0].size() >= 4 && parts[1].size() == 2 &&
                      parts[2].size() >= 2 &&
                      text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  if (!is_one) return std::nullopt;
  auto address = std::string(text.substr(0, text.find('.')));
  std::ranges::transform(address, address.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return address.substr(address.find(':') - 4) + ".0";
}

/// Errors of a disk are of many sectors.
std::string_view without_sector(std::string_view line) {
  return line.substr(0, line.find(", sector "));
}

bool is_same_fault(const std::string& a, const std::string& b) {
  const auto first = xid_in(a);
  const auto second = xid_in(b);
  if (!first || !second) return without_sector(a) == without_sector(b);
  return first->pci == second->pci && first->number == second->number;
}

/// Those of one sort are no reason to forget others.
std::ptrdiff_t n_alike(const KernelLog& log, KernelFault fault) {
  return std::ranges::count_if(log.grave,
                               [&](const auto& line) { return fault_in(line) == fault; });
}

}  // namespace

std::optional<KernelRecord> record_from_line(std::string_view line) {
  const auto semicolon = line.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  const auto fields = base::split(line.substr(0, semicolon), ',');
  if (fields.size() < 3) return std::nullopt;
  const auto largest = std::numeric_limits<std::int64_t>::max();
  const auto priority = base::parse_int(fields[0], 0, largest);
  const auto sequence = base::parse_int(fields[1], 0, largest);
  if (!priority || !sequence || *priority >= levels) return std::nullopt;
  return KernelRecord{.sequence = static_cast<std::uint64_t>(*sequence),
                      .text = std::string(line.substr(semicolon + 1))};
}

std::optional<Xid> xid_in(std::string_view text) {
  constexpr std::string_view start = "NVRM: Xid (";
  if (!text.starts_with(start)) return std::nullopt;
  auto rest = text.substr(start.size());
  if (rest.starts_with("PCI:")) rest.remove_prefix(4);
  const auto close = rest.find("): ");
  if (close == std::string_view::npos) return std::nullopt;
  auto pci = whole_address(rest.substr(0, close));
  rest.remove_prefix(close + 3);
  const auto number = base::parse_int(rest.substr(0, rest.find(',')), 1, 9999);
  if (!pci || !number) return std::nullopt;
  return Xid{
      .number = static_cast<int>(*number), .pci = *std::move(pci), .text = std::string(text)};
}

XidKind kind_of_xid(int number) {
  const auto is_in = [number](const auto& xids) {
    return std::ranges::find(xids, number) != xids.end();
  };
  if (is_in(grave_xids)) return XidKind::grave;
  return is_in(application_xids) ? XidKind::application : XidKind::other;
}

std::optional<KernelFault> fault_in(std::string_view text) {
  if (text.starts_with("NVRM: loading NVIDIA")) return KernelFault::driver_loaded;
  if (xid_in(text)) return KernelFault::xid;
  if (is_memory_fault(text)) return KernelFault::memory;
  if (is_of_disk(text)) return KernelFault::disk;
  return has_one_of(text, noted_texts) ? std::optional(KernelFault::note) : std::nullopt;
}

std::vector<std::string> take_in(KernelLog& log, const std::vector<KernelRecord>& records) {
  std::vector<std::string> notes;
  for (const auto& [sequence, text] : records) {
    if (sequence < log.next) continue;
    log.next = sequence + 1;
    const auto fault = fault_in(text);
    if (!fault) continue;
    if (fault == KernelFault::driver_loaded) {
      std::erase_if(log.grave, [](const auto& line) { return xid_in(line).has_value(); });
      continue;
    }
    const bool is_grave = fault == KernelFault::xid
                              ? kind_of_xid(xid_in(text)->number) == XidKind::grave
                              : fault != KernelFault::note;
    if (!is_grave) {
      notes.push_back(text);
      if (notes.size() > most_noted) notes.erase(notes.begin());
      continue;
    }
    const bool is_known =
        std::ranges::any_of(log.grave, [&](const auto& line) { return is_same_fault(line, text); });
    if (!is_known && n_alike(log, *fault) < most_kept) log.grave.push_back(text);
  }
  return notes;
}

std::vector<Xid> xids_of(const KernelLog& log) {
  std::vector<Xid> xids;
  for (const auto& line : log.grave) {
    if (auto xid = xid_in(line)) xids.push_back(*std::move(xid));
  }
  return xids;
}

std::vector<std::string> node_faults_of(const KernelLog& log) {
  std::vector<std::string> lines;
  std::ranges::copy_if(log.grave, std::back_inserter(lines),
                       [](const auto& line) { return !xid_in(line); });
  return lines;
}

}  // namespace judge
