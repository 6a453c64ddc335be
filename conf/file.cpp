#include <cerrno>
#include <cstdio>
#include <memory>

#include "conf/config.h"

namespace conf {

namespace {

constexpr std::size_t file_limit = std::size_t{16} << 20;

}  // namespace

base::Result<Config> read_file(const std::string& path) {
  const auto what = "cannot read '" + path + "'";
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "re"));
  if (!file) return base::fail_errno(errno, what);
  std::string text;
  char block[4096];
  while (const auto n = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, n);
    if (text.size() > file_limit) {
      return base::fail(base::Code::invalid, what + ": more than 16 MiB; is it a muster.toml?");
    }
  }
  if (std::ferror(file.get()) != 0) return base::fail_errno(errno, what);
  return read_text(text, path);
}

}  // namespace conf
