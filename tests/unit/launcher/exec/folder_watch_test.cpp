#include "launcher/exec/folder_watch.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "lib/loop/loop.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

std::uint64_t use_of(const std::string& folder) {
  return exec::disk_use(folder, false).count();
}

void fill(const std::string& path, std::size_t n_bytes) {
  std::ofstream(path) << std::string(n_bytes, 'x') << std::flush;
}

}  // namespace

TEST_CASE("what a folder holds is counted once, and nothing beside it") {
  const support::TempFolder folder;
  fs::create_directories(folder / "own/deep");
  fs::create_directory(folder / "other");
  const auto empty = use_of(folder / "own");
  fill(folder / "own/deep/file", 100'000);
  fill(folder / "other/file", 400'000);
  fs::create_hard_link(folder / "own/deep/file", folder / "own/again");
  fs::create_symlink(folder / "other", folder / "own/link");
  fs::create_symlink(folder / "other/file", folder / "own/file");
  const auto held = use_of(folder / "own") - empty;
  CHECK(held >= 100'000);
  CHECK(held < 200'000);
  CHECK(use_of(folder / "none") == 0);
}

TEST_CASE("a folder that grows above its limit is told of") {
  const support::TempFolder folder;
  loop::Loop loop;
  base::Bytes told;
  fs::create_directory(folder / "small");
  fill(folder / "small/file", 10'000);
  exec::FolderWatch small(loop, folder / "small", base::Bytes(1 << 20),
                          [&](auto) { FAIL("too early"); });
  fs::create_directory(folder / "large");
  fill(folder / "large/file", 3 << 20);
  exec::FolderWatch large(loop, folder / "large", base::Bytes(1 << 20), [&](base::Bytes held) {
    told = held;
    loop.stop();
  });
  loop.run();
  CHECK(told.count() >= 3 << 20);
}
