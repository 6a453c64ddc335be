#include "launcher/map/plain_program.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace mapping {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::array<std::string_view, 9> plain_libraries{
    "libc.so.",  "libm.so.",     "libmvec.so.",   "libpthread.so.", "libdl.so.",
    "librt.so.", "libgcc_s.so.", "libstdc++.so.", "ld-linux"};

/// By which a program becomes another, or gets what it is not linked to.
constexpr std::array<std::string_view, 18> doors{
    "dlopen", "dlmopen", "execl",   "execle",       "execlp",  "execv",
    "execve", "execvp",  "execvpe", "execveat",     "fexecve", "posix_spawn",
    "popen",  "system",  "wordexp", "posix_spawnp", "syscall", "_dl_open"};

/// Reads a T at `at`, which may be anywhere.
template <class T>
std::optional<T> read_at(Bytes bytes, std::uint64_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// The text of a table that begins there; nothing when it has no end.
std::optional<std::string_view> text_at(Bytes table, std::uint64_t at) {
  if (at >= table.size()) return std::nullopt;
  const auto rest = table.subspan(at);
  const auto end = std::ranges::find(rest, std::byte{0});
  if (end == rest.end()) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(rest.data()),
                          static_cast<std::size_t>(end - rest.begin()));
}

class Elf {
 public:
  /// Nothing for what is none of this machine's own.
  static std::optional<Elf> open(Bytes file) {
    const auto header = read_at<Elf64_Ehdr>(file, 0);
    constexpr auto own_order =
        std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != own_order ||
        header->e_shentsize != sizeof(Elf64_Shdr)) {
      return std::nullopt;
    }
    return Elf(file, *header);
  }

  /// The only section of that type; nothing when there is none, or none that can be read.
  std::optional<Elf64_Shdr> section(std::uint32_t type) const {
    for (std::uint16_t i = 0; i < header_.e_shnum; ++i) {
      const auto section = section_at(i);
      if (section && section->sh_type == type) return section;
    }
    return std::nullopt;
  }

  std::optional<Bytes> content(const Elf64_Shdr& section) const {
    if (section.sh_offset > file_.size() || file_.size() - section.sh_offset < section.sh_size)
      return std::nullopt;
    return file_.subspan(section.sh_offset, section.sh_size);
  }

  /// That of the texts which `section` speaks of.
  std::optional<Bytes> texts_of(const Elf64_Shdr& section) const {
    const auto texts = section_at(section.sh_link);
    return texts ? content(*texts) : std::nullopt;
  }

 private:
  Elf(Bytes file, const Elf64_Ehdr& header) : file_(file), header_(header) {}

  std::optional<Elf64_Shdr> section_at(std::uint64_t index) const {
    if (index >= header_.e_shnum) return std::nullopt;
    return read_at<Elf64_Shdr>(file_, header_.e_shoff + index * sizeof(Elf64_Shdr));
  }

  Bytes file_;
  Elf64_Ehdr header_;
};

/// Calls `take` with each entry of the only section of that type, and its texts. False when there
/// is no such section, or `take` is not content.
template <class Entry, class Take>
bool all_entries(const Elf& elf, std::uint32_t type, Take take) {
  const auto section = elf.section(type);
  if (!section) return false;
  const auto entries = elf.content(*section);
  const auto texts = elf.texts_of(*section);
  if (!entries || !texts) return false;
  for (std::uint64_t at = 0; at + sizeof(Entry) <= entries->size(); at += sizeof(Entry)) {
    if (!take(*read_at<Entry>(*entries, at), *texts)) return false;
  }
  return true;
}

bool is_plain_library(const Elf64_Dyn& entry, Bytes texts) {
  if (entry.d_tag != DT_NEEDED) return true;
  const auto name = text_at(texts, entry.d_un.d_val);
  return name && std::ranges::any_of(plain_libraries, [&name](std::string_view plain) {
           return name->starts_with(plain);
         });
}

bool is_plain_symbol(const Elf64_Sym& symbol, Bytes texts) {
  const auto name = text_at(texts, symbol.st_name);
  return name && std::ranges::find(doors, *name) == doors.end();
}

}  // namespace

bool is_plain_program(std::span<const std::byte> file) {
  const auto elf = Elf::open(file);
  return elf && all_entries<Elf64_Dyn>(*elf, SHT_DYNAMIC, is_plain_library) &&
         all_entries<Elf64_Sym>(*elf, SHT_DYNSYM, is_plain_symbol);
}

}  // namespace mapping
