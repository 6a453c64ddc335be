#include "cli/submit_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

std::string error_of(const model::JobSpec& spec) {
  const auto fine = cli::check_places(spec);
  return fine ? "" : fine.error().text;
}

}  // namespace

TEST_CASE("a script is read by its path") {
  const support::TempFolder folder;
  std::ofstream(folder / "t.sh") << "#!/bin/sh\n";
  CHECK(cli::read_script_file(folder / "t.sh")->text == "#!/bin/sh\n");
  CHECK(cli::read_script_file(folder / "missing")
            .error()
            .text.ends_with("No such file or directory"));
  CHECK(cli::read_script_file(folder / "").error().text.ends_with("Is a directory"));
}

TEST_CASE("a script without a slash is found in PATH") {
  const support::TempFolder folder;
  std::ofstream(folder / "muster-test-script") << "#!/bin/sh\n";
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", ("/nonexistent::" + folder / "").c_str(), 1);
  const auto file = cli::read_script_file("muster-test-script");
  ::setenv("PATH", before.c_str(), 1);
  REQUIRE(file.has_value());
  CHECK(file->text == "#!/bin/sh\n");
}

TEST_CASE("folders of output files are made as far as they are known") {
  const support::TempFolder folder;
  model::JobSpec spec;
  spec.work_dir = folder / "";
  spec.output = folder / "logs/run/%x-%j.out";
  spec.error = folder / "%j/errors";
  CHECK(cli::make_output_folders(spec) == std::vector<std::string>{folder / "logs/run"});
  CHECK(fs::is_directory(folder / "logs/run"));
  CHECK(cli::make_output_folders(spec)->empty());
  std::ofstream(folder / "file") << "";
  spec.output = folder / "file/sub/x.out";
  CHECK_FALSE(cli::make_output_folders(spec).has_value());
}

TEST_CASE("places that cannot be used are refused") {
  const support::TempFolder folder;
  model::JobSpec spec;
  spec.work_dir = folder / "";
  spec.output = folder / "x-%j.out";
  CHECK(error_of(spec).empty());
  spec.output = folder / "no/x-%j.out";
  CHECK(error_of(spec) == "--output: directory '" + folder / "no" +
                              "': No such file or directory; make it with mkdir -p");
  spec.output = folder / "%x/%j.out";  // known at the start only
  CHECK(error_of(spec).empty());
  spec.output = "/dev/null";
  CHECK(error_of(spec).empty());
  fs::create_directory(folder / "d");
  spec.output = folder / "d";
  CHECK(error_of(spec) == "--output: expected a file, found the directory '" + folder / "d" + "'");
  spec.output = folder / "d/";
  CHECK(error_of(spec).starts_with("--output: expected a file"));
  std::ofstream(folder / "f") << "";
  spec.output = folder / "f/x";
  CHECK(error_of(spec).starts_with("--output: "));
  spec.output = folder / "x";
  spec.error = folder / "no/e";
  CHECK(error_of(spec).starts_with("--error: "));
  spec.error.clear();
  spec.work_dir = folder / "no";
  CHECK(error_of(spec).starts_with("--chdir: "));
  spec.work_dir = folder / "f";
  CHECK(error_of(spec) == "--chdir: '" + folder / "f" + "' is no directory");
}

TEST_CASE("a directory without write permission is refused") {
  if (::geteuid() == 0) return;  // root may write anywhere
  const support::TempFolder folder;
  fs::create_directory(folder / "d");
  fs::permissions(folder / "d", fs::perms::owner_read | fs::perms::owner_exec);
  model::JobSpec spec;
  spec.work_dir = folder / "";
  spec.output = folder / "d/x";
  CHECK(error_of(spec) ==
        "--output: cannot write to directory '" + folder / "d" + "': Permission denied");
}
