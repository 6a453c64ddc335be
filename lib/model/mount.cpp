#include "lib/model/mount.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::fail;
using base::Result;

/// A kind by its name, the options that it knows, and those of them that have a value.
struct KindRow {
  MountKind kind;
  std::string_view name;
  std::string_view flags;   // between blanks
  std::string_view values;  // likewise
};

constexpr std::array<KindRow, 8> kinds{{{MountKind::bind, "bind", "ro rw", ""},
                                        {MountKind::tmpfs, "tmpfs", "", "size mode"},
                                        {MountKind::overlay, "overlay", "", ""},
                                        {MountKind::nfs, "nfs", "ro rw", "o"},
                                        {MountKind::smb, "smb", "ro rw", "credentials o"},
                                        {MountKind::sshfs, "sshfs", "ro rw", "key port o"},
                                        {MountKind::rclone, "rclone", "ro rw", "credentials"},
                                        {MountKind::command, "command", "", ""}}};

const KindRow& row_of(MountKind kind) {
  return *std::ranges::find(kinds, kind, &KindRow::kind);
}

bool has_word(std::string_view words, std::string_view word) {
  const auto all = base::split(words, ' ');
  return !word.empty() && std::ranges::find(all, word) != all.end();
}

MountOption option_from_text(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {std::string(word), {}};
  return {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))};
}

bool is_option(const KindRow& row, std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return has_word(row.flags, word);
  return has_word(row.values, word.substr(0, equals)) && equals + 1 < word.size();
}

/// Parts of the text behind the kind.
struct Parts {
  std::string_view source;
  std::string_view target;
  std::string_view options;
};

std::optional<Parts> parts_of(const KindRow& row, std::string_view text) {
  const auto cut =
      [](std::string_view from) -> std::optional<std::pair<std::string_view, std::string_view>> {
    const auto colon = from.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    return std::pair(from.substr(0, colon), from.substr(colon + 1));
  };
  const auto last = cut(text);
  if (!last) return std::nullopt;
  const auto words = base::split(last->second, ',');
  const bool are_options =
      std::ranges::all_of(words, [&row](std::string_view word) { return is_option(row, word); });
  const auto before = are_options ? cut(last->first) : std::nullopt;
  if (before) return Parts{before->first, before->second, last->second};
  return Parts{last->first, last->second, {}};
}

/// What may have a password in it is not said again.
std::unexpected<base::Error> wrong(std::string_view text, std::string_view why) {
  const auto shown = text.find("pass") == text.npos
                         ? base::printable(text)
                         : base::printable(text.substr(0, text.find(':'))) + ":...";
  return fail(Code::invalid, fmt::format("'{}': {}", shown, why));
}

bool has_parent_steps(std::string_view path) {
  const auto parts = base::split(path, '/');
  return std::ranges::find(parts, "..") != parts.end();
}

/// Why a source cannot be one of its kind; empty: it can.
std::string_view flaw_of_source(const Mount& mount) {
  const auto& source = mount.source;
  if (mount.kind == MountKind::tmpfs) {
    return source.empty() ? "" : "a tmpfs has no source; expected tmpfs::TARGET[:size=1G,mode=700]";
  }
  if (source.empty()) return "it has no source; expected KIND:SOURCE:TARGET[:OPTIONS]";
  const bool is_local = mount.kind == MountKind::bind || mount.kind == MountKind::overlay;
  if (is_local && !source.starts_with('/'))
    return "its source is no absolute path; expected one, such as /data";
  if (mount.kind == MountKind::overlay && source.find_first_of(",:\\") != source.npos)
    return "the kernel takes no overlay on a directory with ',', ':' or '\\' in its path";
  const bool is_remote = mount.kind == MountKind::nfs || mount.kind == MountKind::sshfs ||
                         mount.kind == MountKind::rclone;
  if (is_remote && source.find(':') == source.npos)
    return "its source names no server; expected one and a path, such as server:/path";
  if (mount.kind == MountKind::smb && !source.starts_with("//"))
    return "its source names no share; expected //server/share";
  if (mount.kind != MountKind::command && source.starts_with('-'))
    return "its source begins with '-', which its mounter would take for an option";
  return "";
}

std::string_view flaw_of_target(const std::string& target) {
  if (target.empty()) return "it has no target; expected KIND:SOURCE:TARGET[:OPTIONS]";
  if (target.find_first_not_of("/.") == target.npos)
    return "its target is no directory of its own; expected a name, such as data";
  if (target.find_first_of("=,") != target.npos)
    return "its last part has words that are no options of this kind, and is no target; see "
           "--mount of submit(1)";
  if (has_parent_steps(target)) return "its target has '..' in it; expected a plain path";
  if (target.starts_with('-')) return "its target begins with '-'; expected a name, such as data";
  return "";
}

/// Does it hand a password on to the mounter?
bool names_secret(const MountOption& option) {
  return option.name == "o" && option.value.starts_with("pass");
}

std::string_view flaw_of_option(const MountOption& option) {
  const auto& [name, value] = option;
  const bool is_file = name == "credentials" || name == "key";
  if (is_file && !value.starts_with('/'))
    return "the file of its secret is no absolute path; expected one, such as /home/ann/key";
  if (name == "size" && !base::parse_memory(value))
    return "its size is none; expected one such as 512M or 4G";
  if (name == "mode" && !(value.size() == 3 && value.find_first_not_of("01234567") == value.npos))
    return "its mode is none; expected three octal digits, such as 700";
  if (name == "port" && !base::parse_int(value, 1, 65535))
    return "its port is none; expected a number from 1 to 65535";
  return "";
}

Result<void> check(const Mount& mount, std::string_view text) {
  if (const auto flaw = flaw_of_source(mount); !flaw.empty()) return wrong(text, flaw);
  if (const auto flaw = flaw_of_target(mount.target); !flaw.empty()) return wrong(text, flaw);
  for (const auto& option : mount.options) {
    if (names_secret(option)) {  // which is not repeated here
      return fail(Code::invalid,
                  fmt::format("mount of {}: secrets stand in files, which only their owner reads; "
                              "name one with credentials=FILE or key=FILE",
                              mount.target));
    }
    if (const auto flaw = flaw_of_option(option); !flaw.empty()) return wrong(text, flaw);
  }
  const bool is_both = find_option(mount, "ro") != nullptr && find_option(mount, "rw") != nullptr;
  if (is_both) return wrong(text, "it is to be ro and rw; give one of them");
  return {};
}

}  // namespace

std::string_view to_text(MountKind kind) {
  return row_of(kind).name;
}

const std::string* find_option(const Mount& mount, std::string_view name) {
  const auto found = std::ranges::find(mount.options, name, &MountOption::name);
  return found == mount.options.end() ? nullptr : &found->value;
}

std::string_view flaw_for_user(const Mount& mount) {
  switch (mount.kind) {
    case MountKind::nfs:
    case MountKind::smb:
    case MountKind::overlay:
      return "it is made for jobs of root alone, as what it shows may be a way to root's rights; "
             "ask those who run the cluster to have it mounted by the pool, and bind a directory "
             "of that";
    case MountKind::bind:
    case MountKind::tmpfs:
    case MountKind::sshfs:
    case MountKind::rclone:
    case MountKind::command:
      break;
  }
  if (!mount.target.starts_with('/')) return "";
  return "its target is absolute, which is for jobs of root alone; expected a name, such as data, "
         "which is mounted below $MUSTER_JOB_MOUNTS";
}

std::string to_text(const Mount& mount) {
  auto text = fmt::format("{}:{}:{}", to_text(mount.kind), mount.source, mount.target);
  for (std::size_t i = 0; i < mount.options.size(); ++i) {
    const auto& [name, value] = mount.options[i];
    text += (i == 0 ? ":" : ",") + name + (value.empty() ? "" : "=" + value);
  }
  return text;
}

Result<Mount> mount_from_text(std::string_view text) {
  const auto name = text.substr(0, text.find(':'));
  const auto* const row = std::ranges::find(kinds, name, &KindRow::name);
  if (row == kinds.end()) {
    return wrong(text, fmt::format("'{}' is no kind of mount; expected bind, tmpfs, overlay, nfs, "
                                   "smb, sshfs, rclone or command, as in bind:/data:data:ro",
                                   base::printable(name)));
  }
  if (text.find('\0') != text.npos || text.find('\n') != text.npos)
    return wrong(text, "it has a line break or a NUL in it");
  const auto parts =
      name.size() == text.size() ? std::nullopt : parts_of(*row, text.substr(name.size() + 1));
  if (!parts) return wrong(text, "it has no target; expected KIND:SOURCE:TARGET[:OPTIONS]");
  Mount mount{.kind = row->kind,
              .source = std::string(parts->source),
              .target = std::string(parts->target),
              .options = {}};
  if (!parts->options.empty()) {
    for (const auto word : base::split(parts->options, ','))
      mount.options.push_back(option_from_text(word));
  }
  if (auto good = check(mount, text); !good) return std::unexpected(good.error());
  return mount;
}

}  // namespace model
