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
constexpr std::size_t most_kept = 64;
constexpr std::size_t most_noted = 16;

constexpr std::array grave_xids{46, 48, 61, 62, 64, 74, 79, 94, 95, 110, 119, 120, 136, 140, 143};
constexpr std::array application_xids{8, 13, 31, 32, 43, 45, 68, 69, 137};

/// Users name their processes, 15 characters long at most, and the kernel begins lines with these
/// names: what is looked for goes on behind them.
constexpr std::array<std::string_view, 8> disk_texts{
    "Remounting filesystem read-only",
    "Filesystem has been shut down",
    "forced readonly",
    "critical medium error, dev ",
    "rejecting I/O to offline device",
    "Device offlined - not ready after error recovery",
    "Disabling device after reset failure",
    "Removing after probe failure status"};
constexpr std::array<std::string_view, 4> noted_texts{"I/O error, dev ", "BUG: soft lockup - CPU#",
                                                      "blocked for more than",
                                                      "Machine check events logged"};

bool has_one_of(std::string_view text, const auto& patterns) {
  return std::ranges::any_of(patterns, [text](std::string_view pattern) {
    return text.find(pattern) != std::string_view::npos;
  });
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
  const bool is_machine_check = text.find("[Hardware Error]: ") != std::string_view::npos &&
                                text.find("Uncorrected") != std::string_view::npos;
  return is_edac_uncorrected(text) || is_machine_check || text.starts_with("Memory failure: 0x");
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

bool is_same_fault(const std::string& a, const std::string& b) {
  const auto first = xid_in(a);
  const auto second = xid_in(b);
  if (!first || !second) return a == b;
  return first->pci == second->pci && first->number == second->number;
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
  if (has_one_of(text, disk_texts)) return KernelFault::disk;
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
    if (!is_known && log.grave.size() < most_kept) log.grave.push_back(text);
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
