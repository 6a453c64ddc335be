#include "cli/submit_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"

namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "muster-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string error_of(const model::JobSpec& spec) {
  const auto fine = cli::check_places(spec);
  return fine ? "" : fine.error().text;
}

}  // namespace

TEST_CASE("a script is read by its path") {
  const Folder folder;
  std::ofstream(folder.at("t.sh")) << "#!/bin/sh\n";
  CHECK(cli::read_script_file(folder.at("t.sh"))->text == "#!/bin/sh\n");
  CHECK(cli::read_script_file(folder.at("missing"))
            .error()
            .text.ends_with("No such file or directory"));
  CHECK(cli::read_script_file(folder.at("")).error().text.ends_with("Is a directory"));
}

TEST_CASE("a script without a slash is found in PATH") {
  const Folder folder;
  std::ofstream(folder.at("muster-test-script")) << "#!/bin/sh\n";
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", ("/nonexistent::" + folder.at("")).c_str(), 1);
  const auto file = cli::read_script_file("muster-test-script");
  ::setenv("PATH", before.c_str(), 1);
  REQUIRE(file.has_value());
  CHECK(file->text == "#!/bin/sh\n");
}

TEST_CASE("places that cannot be used are refused") {
  const Folder folder;
  model::JobSpec spec;
  spec.work_dir = folder.at("");
  spec.output = folder.at("x-%j.out");
  CHECK(error_of(spec).empty());
  spec.output = folder.at("no/x-%j.out");
  CHECK(error_of(spec) ==
        "--output: directory '" + folder.at("no") + "': No such file or directory");
  spec.output = folder.at("%x/%j.out");  // known at the start only
  CHECK(error_of(spec).empty());
  spec.output = "/dev/null";
  CHECK(error_of(spec).empty());
  fs::create_directory(folder.at("d"));
  spec.output = folder.at("d");
  CHECK(error_of(spec) ==
        "--output: expected a file, found the directory '" + folder.at("d") + "'");
  spec.output = folder.at("d/");
  CHECK(error_of(spec).starts_with("--output: expected a file"));
  std::ofstream(folder.at("f")) << "";
  spec.output = folder.at("f/x");
  CHECK(error_of(spec).starts_with("--output: "));
  spec.output = folder.at("x");
  spec.error = folder.at("no/e");
  CHECK(error_of(spec).starts_with("--error: "));
  spec.error.clear();
  spec.work_dir = folder.at("no");
  CHECK(error_of(spec).starts_with("--chdir: "));
  spec.work_dir = folder.at("f");
  CHECK(error_of(spec) == "--chdir: '" + folder.at("f") + "' is no directory");
}

TEST_CASE("a directory without write permission is refused") {
  if (::geteuid() == 0) return;  // root may write anywhere
  const Folder folder;
  fs::create_directory(folder.at("d"));
  fs::permissions(folder.at("d"), fs::perms::owner_read | fs::perms::owner_exec);
  model::JobSpec spec;
  spec.work_dir = folder.at("");
  spec.output = folder.at("d/x");
  CHECK(error_of(spec) ==
        "--output: cannot write to directory '" + folder.at("d") + "': Permission denied");
}
