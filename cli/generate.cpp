// generate [--check] DIRECTORY: writes the generated parts of the manual pages below
// DIRECTORY, or checks that they are as they would be written.

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/manual.h"
#include "cli/request/table.h"
#include "conf/document.h"
#include "lib/loop/files.h"

namespace {

constexpr std::size_t page_limit = 1 << 20;

/// Whether the page is, or now has been made, as wanted.
base::Result<bool> settle(const std::string& path, std::string_view part, bool only_check) {
  const auto page = loop::read_file(path, page_limit);
  if (!page) return std::unexpected(page.error());
  const auto wanted = conf::with_generated_part(*page, part);
  if (!wanted) return std::unexpected(wanted.error().in(path));
  if (*wanted == *page) return true;
  if (only_check) {
    fmt::print(stderr, "{} differs from the tables of options; build the target cli_documents\n",
               path);
    return false;
  }
  const auto written = loop::write_file_atomic(path, *wanted, {});
  if (!written) return std::unexpected(written.error());
  return true;
}

bool settled(const base::Result<bool>& result) {
  if (!result) fmt::print(stderr, "{}\n", result.error().text);
  return result && *result;
}

}  // namespace

int main(int argc, char** argv) {
  const bool only_check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (argc != 2 && !only_check) {
    fmt::print(stderr, "usage: generate [--check] DIRECTORY\n");
    return 2;
  }
  const std::string root = argv[argc - 1];
  const bool muster = settled(settle(root + "/man/muster.1", cli::manual_commands(), only_check));
  const bool submit =
      settled(settle(root + "/man/submit.1",
                     cli::manual_options(request::table(request::Place::submit)), only_check));
  const bool mpirun =
      settled(settle(root + "/man/muster-mpirun.1", cli::manual_mpi_options(), only_check));
  return muster && submit && mpirun ? 0 : 1;
}
