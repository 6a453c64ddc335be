// generate [--check] DIRECTORY: writes conf/muster.toml.sample and the generated part of
// man/muster.toml.5 below DIRECTORY, or checks that they are as they would be written.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "conf/document.h"

namespace {

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Whether the file is, or now has been made, as wanted.
bool settle(const std::string& path, std::string_view text, bool only_check) {
  if (read(path) == text) return true;
  if (only_check) {
    fmt::print(stderr, "{} differs from conf/keys.def; build the target conf_documents\n", path);
    return false;
  }
  return static_cast<bool>(std::ofstream(path) << text);
}

}  // namespace

int main(int argc, char** argv) {
  const bool only_check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (argc != 2 && !only_check) {
    fmt::print(stderr, "usage: generate [--check] DIRECTORY\n");
    return 2;
  }
  const std::string root = argv[argc - 1];
  const auto page_path = root + "/man/muster.toml.5";
  const auto page = conf::with_generated_part(read(page_path), conf::manual_keys());
  if (!page) {
    fmt::print(stderr, "{}: {}\n", page_path, page.error().text);
    return 1;
  }
  const bool sample = settle(root + "/conf/muster.toml.sample", conf::sample_text(), only_check);
  const bool manual = settle(page_path, *page, only_check);
  return sample && manual ? 0 : 1;
}
