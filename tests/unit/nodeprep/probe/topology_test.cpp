// The file triples of tests/topology: a machine (NAME.machine: a synthetic description, or
// NAME.xml), how it is cut (NAME.options, one slice a line), and what comes out (NAME.expected).
// MUSTER_BLESS=1 in the environment rewrites the expected files.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "lib/base/text.h"
#include "nodeprep/probe/machine.h"
#include "nodeprep/probe/slice.h"
#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;

fs::path folder() {
  return fs::path(__FILE__).parent_path() / "../../../topology";
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

probe::Machine load(const std::string& name) {
  const fs::path xml = folder() / (name + ".xml");
  auto machine = fs::exists(xml) ? probe::Machine::from_xml(xml)
                                 : probe::Machine::synthetic(std::string(
                                       base::trim(read(folder() / (name + ".machine")))));
  REQUIRE(machine);
  return *std::move(machine);
}

/// "first=2 cores=4 gpus=0-1 memory=1073741824 shared"; "all" is the whole machine.
probe::Slice slice_of(std::string_view line) {
  probe::Slice slice;
  for (const auto word : base::split(line, ' ')) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto value =
        equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
    const auto number = base::parse_int(value, 0, std::int64_t{1} << 60);
    if (name == "first") slice.first_core = static_cast<int>(number.value());
    if (name == "cores") slice.n_cores = static_cast<int>(number.value());
    if (name == "gpus") slice.gpus = *model::index_set_from_text(value);
    if (name == "memory") slice.memory = base::Bytes(static_cast<std::uint64_t>(number.value()));
    if (name == "shared") slice.shared = true;
  }
  return slice;
}

std::string print(const model::Topology& node) {
  std::string text = fmt::format("  memory {}{}\n", base::to_text(node.memory),
                                 node.oversubscribed ? ", oversubscribed" : "");
  for (std::size_t i = 0; i < node.numa.size(); ++i) {
    text += fmt::format("  domain {}: number {}, {}\n", i, node.numa[i].os_index,
                        base::to_text(node.numa[i].memory));
  }
  for (std::size_t i = 0; i < node.cores.size(); ++i) {
    text += fmt::format("  core {}: package {}, domain {}, threads {}\n", i, node.cores[i].package,
                        node.cores[i].numa, model::to_text(node.cores[i].cpus));
  }
  for (std::size_t i = 0; i < node.gpus.size(); ++i) {
    text += fmt::format("  GPU {}: {}, domain {}, below {}\n", i, node.gpus[i].pci,
                        node.gpus[i].numa, base::join(node.gpus[i].bridges, " "));
  }
  for (const auto& nic : node.nics) {
    text += fmt::format("  NIC {}: {}, domain {}, below {}\n", nic.name, nic.pci,
                        nic.numa ? std::to_string(*nic.numa) : "none of these",
                        base::join(nic.bridges, " "));
  }
  return text;
}

std::string print_slices(const std::string& name) {
  const probe::Machine machine = load(name);
  model::Topology whole = machine.topology();
  whole.gpus = machine.pci_gpus();
  std::string text;
  const std::string lines = read(folder() / (name + ".options"));
  for (const auto line : base::split(base::trim(lines), '\n')) {
    const auto node = probe::cut(whole, slice_of(line));
    text += fmt::format("{}\n{}", line,
                        node ? print(*node) : fmt::format("  error: {}\n", node.error().text));
  }
  return text;
}

std::set<std::string> names() {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".options") found.insert(entry.path().stem());
  }
  return found;
}

}  // namespace

TEST_CASE("machines and their slices are what the files say") {
  const bool bless = std::getenv("MUSTER_BLESS") != nullptr;
  REQUIRE(!names().empty());
  for (const std::string& name : names()) {
    INFO(name);
    const fs::path expected = folder() / (name + ".expected");
    if (bless) std::ofstream(expected) << print_slices(name);
    CHECK(print_slices(name) == read(expected));
  }
}
