// generate [--check] DIRECTORY: writes the generated parts of the manual pages and documents below
// DIRECTORY, or checks that they are as they would be written.

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/dialect/document.h"
#include "cli/manual.h"
#include "cli/request/table.h"
#include "conf/document.h"
#include "lib/loop/files.h"

namespace {

constexpr std::size_t page_limit = 1 << 20;

using Inserter = base::Result<std::string> (*)(std::string_view page, std::string_view part);

/// As conf::with_generated_part, of a page in Markdown.
base::Result<std::string> with_generated_tables(std::string_view page, std::string_view part) {
  constexpr std::string_view begin = "<!-- Generated from cli/dialect/*.def -->\n";
  constexpr std::string_view end = "<!-- End of generated part -->";
  const auto from = page.find(begin);
  const auto to = page.find(end);
  if (from == std::string_view::npos || to == std::string_view::npos || to < from)
    return base::fail(base::Code::invalid, fmt::format("expected '{}' and then '{}'", begin, end));
  const auto body = from + begin.size();
  return fmt::format("{}\n{}\n{}", page.substr(0, body), part, page.substr(to));
}

/// Whether the page is, or now has been made, as wanted.
base::Result<bool> settle(const std::string& path, std::string_view part, bool only_check,
                          Inserter with_part = conf::with_generated_part) {
  const auto page = loop::read_file(path, page_limit);
  if (!page) return std::unexpected(page.error());
  const auto wanted = with_part(*page, part);
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
  const bool compatibility =
      settled(settle(root + "/docs/compatibility.md", dialect::tables_of_options(), only_check,
                     with_generated_tables));
  return muster && submit && mpirun && compatibility ? 0 : 1;
}
