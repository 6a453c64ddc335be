#include "launcher/map/plain_program.h"

#include <elf.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "tests/support/catch.h"

using mapping::is_plain_program;

namespace {

/// A program with nothing but what is looked at.
struct Program {
  std::vector<std::string> libraries{"libc.so.6"};
  std::vector<std::string> functions{"printf"};

  std::string file() const;
};

template <class T>
void put(std::string& file, std::size_t at, const T& value) {
  if (file.size() < at + sizeof value) file.resize(at + sizeof value);
  std::memcpy(file.data() + at, &value, sizeof value);
}

std::string Program::file() const {
  std::string texts(1, '\0');
  std::string dynamic;
  std::string symbols;
  for (const auto& library : libraries) {
    Elf64_Dyn entry{.d_tag = DT_NEEDED, .d_un = {.d_val = texts.size()}};
    put(dynamic, dynamic.size(), entry);
    texts += library + '\0';
  }
  for (const auto& function : functions) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(texts.size());
    put(symbols, symbols.size(), symbol);
    texts += function + '\0';
  }
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shoff = sizeof header;
  std::string file;
  const std::array contents{std::pair(SHT_STRTAB, texts), std::pair(SHT_DYNAMIC, dynamic),
                            std::pair(SHT_DYNSYM, symbols)};
  std::size_t at = sizeof header + contents.size() * sizeof(Elf64_Shdr);
  for (std::size_t i = 0; i < contents.size(); ++i) {
    Elf64_Shdr section{};
    section.sh_type = static_cast<Elf64_Word>(contents[i].first);
    section.sh_offset = at;
    section.sh_size = contents[i].second.size();
    put(file, sizeof header + i * sizeof section, section);
    at += section.sh_size;
  }
  put(file, 0, header);
  for (const auto& [type, content] : contents) file += content;
  return file;
}

bool is_plain(const std::string& file) {
  return is_plain_program(std::as_bytes(std::span(file)));
}

bool is_plain_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return is_plain({std::istreambuf_iterator<char>(file), {}});
}

}  // namespace

TEST_CASE("a program is plain that needs nothing but the libraries of C and C++") {
  CHECK(is_plain(Program().file()));
  CHECK(is_plain(Program{.libraries = {"libstdc++.so.6", "libm.so.6", "libc.so.6"}}.file()));
  CHECK_FALSE(is_plain(Program{.libraries = {"libmpi.so.40", "libc.so.6"}}.file()));
  CHECK_FALSE(is_plain(Program{.libraries = {"libpmix.so.2"}}.file()));
  CHECK_FALSE(is_plain(Program{.libraries = {"libselinux.so.1"}}.file()));
}

TEST_CASE("a program is not plain that may load a library or start another program") {
  for (const char* door : {"dlopen", "execve", "execvp", "posix_spawn", "system", "popen"})
    CHECK_FALSE(is_plain(Program{.functions = {"printf", door}}.file()));
  CHECK(is_plain(Program{.functions = {"my_execve", "systematic"}}.file()));
}

TEST_CASE("what is no dynamic program of this machine, or is damaged, is not plain") {
  CHECK_FALSE(is_plain(""));
  CHECK_FALSE(is_plain("#!/bin/sh\necho\n"));
  const auto whole = Program().file();
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(is_plain(whole.substr(0, n)));
  auto foreign = whole;
  foreign[EI_CLASS] = ELFCLASS32;
  CHECK_FALSE(is_plain(foreign));
  // Whatever a byte of it is changed to, it is read without harm.
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char byte : {'\0', '\1', '\x7f', '\xff'}) {
      auto changed = whole;
      changed[i] = byte;
      (void)is_plain(changed);
    }
  }
}

TEST_CASE("of the programs of this machine those are plain that should be") {
  CHECK(is_plain_file("/usr/bin/true"));
  CHECK(is_plain_file("/usr/bin/sleep"));
  CHECK_FALSE(is_plain_file("/usr/bin/env"));   // starts others
  CHECK_FALSE(is_plain_file("/usr/bin/bash"));  // the same
}
