#include "lib/loop/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "lib/loop/file_watch.h"
#include "lib/loop/loop.h"
#include "lib/loop/process.h"
#include "lib/loop/secret.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;
namespace fs = std::filesystem;

TEST_CASE("a file is written whole, with its mode, and read back up to a limit") {
  Fixture fixture;
  const std::string path = fixture.path("f");
  const std::string bytes(100'000, 'q');
  REQUIRE(loop::write_file_atomic(path, bytes, {.mode = 0600, .sync = true}).has_value());
  CHECK(*loop::read_file(path, 100'000) == bytes);
  CHECK(loop::read_file(path, 99'999).error().code == base::Code::exhausted);
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  REQUIRE(loop::write_file_atomic(path, "", {}).has_value());
  CHECK(loop::read_file(path, 0)->empty());
  CHECK(std::distance(fs::directory_iterator(fixture.folder()), {}) == 1);
}

TEST_CASE("reading and writing say what is wrong with which file") {
  Fixture fixture;
  CHECK(loop::read_file(fixture.path("none"), 10).error().code == base::Code::not_found);
  CHECK(loop::read_file(fixture.folder(), 10).error().code == base::Code::invalid);
  const auto written = loop::write_file_atomic(fixture.path("none/f"), "x", {});
  CHECK(written.error().code == base::Code::not_found);
  CHECK_THAT(written.error().text, Catch::Contains(fixture.path("none/f")));
}

TEST_CASE("folders are made down to the last, and a file in the way is a conflict") {
  Fixture fixture;
  REQUIRE(loop::make_directories(fixture.path("a/b/c"), 0700).has_value());
  REQUIRE(loop::make_directories(fixture.path("a/b/c/"), 0700).has_value());
  CHECK(fs::is_directory(fixture.path("a/b/c")));
  std::ofstream(fixture.path("file")) << "x";
  CHECK(loop::make_directories(fixture.path("file/d"), 0700).error().code == base::Code::conflict);
}

TEST_CASE("a tree is removed, but nothing that a link in it points to") {
  Fixture fixture;
  fs::create_directories(fixture.path("root/tree/deep/er"));
  fs::create_directories(fixture.path("keep"));
  std::ofstream(fixture.path("keep/file")) << "x";
  std::ofstream(fixture.path("root/tree/deep/file")) << "x";
  fs::create_symlink(fixture.path("keep"), fixture.path("root/tree/link"));
  REQUIRE(loop::remove_tree(fixture.path("root/tree"), fixture.path("root")).has_value());
  CHECK(fs::is_empty(fixture.path("root")));
  CHECK(fs::exists(fixture.path("keep/file")));
  REQUIRE(loop::remove_tree(fixture.path("root/tree"), fixture.path("root")).has_value());

  fs::create_symlink(fixture.path("keep"), fixture.path("root/link"));
  CHECK_FALSE(loop::remove_tree(fixture.path("root/link/file"), fixture.path("root")).has_value());
  CHECK(fs::exists(fixture.path("keep/file")));
}

TEST_CASE("only what lies below the root can be removed") {
  Fixture fixture;
  fs::create_directories(fixture.path("root"));
  for (const char* path : {"root", "root/", "root/..", "root/x/../../keep", "rooted", "keep"}) {
    const auto removed = loop::remove_tree(fixture.path(path), fixture.path("root"));
    REQUIRE_FALSE(removed.has_value());
    CHECK(removed.error().code == base::Code::invalid);
  }
  CHECK(fs::exists(fixture.path("root")));
}

TEST_CASE("a lock has one holder, who is named, and goes with it") {
  Fixture fixture;
  const std::string path = fixture.path("lock");
  CHECK(*loop::lock_holder(path) == 0);
  {
    auto first = loop::FileLock::take(path);
    REQUIRE(first.has_value());
    const loop::FileLock moved = std::move(*first);
    CHECK(*loop::lock_holder(path) == getpid());
    const auto second = loop::FileLock::take(path);
    CHECK(second.error().code == base::Code::conflict);
    CHECK_THAT(second.error().text, Catch::Contains("process " + std::to_string(getpid())));
  }
  CHECK(*loop::lock_holder(path) == 0);
  CHECK(loop::FileLock::take(path).has_value());
  CHECK(loop::FileLock::take(fixture.path("none/lock")).error().code == base::Code::not_found);
}

TEST_CASE("a lock does not pass to children") {
  Fixture fixture;
  loop::SpawnOptions options;
  options.program = "/bin/sleep";
  options.arguments = {"sleep", "1000"};
  std::optional<loop::Process> child;
  {
    const auto lock = loop::FileLock::take(fixture.path("lock"));
    auto spawned =
        loop::Process::spawn(fixture.loop, options, [&](const auto&) { fixture.loop.stop(); });
    REQUIRE(spawned.has_value());
    child.emplace(std::move(*spawned));
  }
  CHECK(*loop::lock_holder(fixture.path("lock")) == 0);
  REQUIRE(child->signal(9).has_value());
  fixture.run();
}

TEST_CASE("a watch tells that a file appears, grows and is replaced, and may go in its callback") {
  Fixture fixture;
  const std::string path = fixture.path("log");
  int n_changes = 0;
  std::optional<loop::FileWatch> watch;
  auto opened = loop::FileWatch::open(fixture.loop, path, [&] {
    n_changes += 1;
    if (n_changes == 1) {
      std::ofstream(path, std::ios::app) << "more";
    } else if (n_changes == 2) {
      REQUIRE(loop::write_file_atomic(path, "new", {}).has_value());
    } else {
      watch.reset();
      fixture.loop.stop();
    }
  });
  REQUIRE(opened.has_value());
  watch.emplace(std::move(*opened));
  std::ofstream(path).flush();
  fixture.run();
  CHECK(n_changes == 3);
  CHECK_FALSE(loop::FileWatch::open(fixture.loop, fixture.path("none/log"), [] {}).has_value());
}

TEST_CASE("keys are random and hashes are those of RFC 4231") {
  CHECK(loop::random_hex(32).size() == 64);
  CHECK(loop::random_hex(32) != loop::random_hex(32));
  CHECK(loop::hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(loop::equal_constant_time("same", "same"));
  CHECK_FALSE(loop::equal_constant_time("same", "sama"));
  CHECK_FALSE(loop::equal_constant_time("same", "sam"));
}
