// muster-nodeprep: looks at this machine and says whether it may be a node (man 8 muster-nodeprep).

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/model/agent_message.h"
#include "lib/model/mount.h"
#include "lib/wire/agent.h"
#include "nodeprep/judge/gpu_health.h"
#include "nodeprep/judge/health.h"
#include "nodeprep/judge/judge.h"
#include "nodeprep/judge/kernel_log.h"
#include "nodeprep/probe/gpu_states.h"
#include "nodeprep/probe/kernel_log.h"
#include "nodeprep/probe/mounts.h"
#include "nodeprep/probe/node.h"
#include "nodeprep/probe/vitals.h"

namespace {

namespace options = boost::program_options;

constexpr int exit_ready = 0;
constexpr int exit_unusable = 1;
constexpr int exit_usage = 2;
constexpr int core_limit = 65536;
constexpr std::size_t file_limit = std::size_t{16} << 20;
constexpr std::size_t longest_line = 300;

options::options_description described() {
  options::options_description all("Options");
  all.add_options()                                                                         //
      ("help,h", "print this and exit")                                                     //
      ("version", "print the version and exit")                                             //
      ("out", options::value<std::string>(), "folder for the files node and topology.xml")  //
      ("name", options::value<std::string>(), "name of the node")                           //
      ("pool", options::value<std::string>()->default_value("default"), "its pool")         //
      ("address", options::value<std::string>()->default_value("127.0.0.1"),
       "where other nodes reach it")  //
      ("slice-first", options::value<int>()->default_value(0),
       "first core of the slice that is the node")                                  //
      ("slice-cores", options::value<int>(), "number of its cores (default: all)")  //
      ("slice-gpus", options::value<std::string>(),
       "its GPUs, as a list: 0-3 (default: none of a slice, all of a whole machine)")  //
      ("memory", options::value<std::string>(),
       "its memory in bytes (default: in proportion to its cores)")                 //
      ("shared", options::bool_switch(), "other slices use some of its cores too")  //
      ("mounts", options::bool_switch(),
       "make the mounts that are not there, and look at all of them, in place of all else")  //
      ("mount", options::value<std::vector<std::string>>()->default_value({}, ""),
       "one of these: KIND:SOURCE:TARGET[:OPTIONS]; may be given again")  //
      ("check", options::bool_switch(),
       "look whether a node in service is still well, in place of all of this: --out is its "
       "folder")  //
      ("free-disk", options::value<std::string>()->default_value("0"),
       "least bytes that are free in --out and /tmp")  //
      ("free-memory", options::value<std::string>()->default_value("0"),
       "least bytes of memory that are available")  //
      ("gpu-full-link", options::bool_switch(),
       "a GPU whose PCIe link is narrower than it can be is failing")  //
      ("node", options::value<std::string>(),
       "the file node of the one that is looked at: its GPUs are, too; what fails is then in the "
       "file gpus in --out")  //
      ("gpu-states", options::value<std::string>(),
       "a file with states of GPUs that were written down, in place of the driver and the "
       "kernel's log")  //
      ("clock-off", options::value<std::int64_t>()->default_value(0),
       "seconds that the clock is ahead of the controller's");
  return all;
}

base::Result<int> whole(const options::variables_map& given, const char* name, int low) {
  const int number = given[name].as<int>();
  if (number >= low && number <= core_limit) return number;
  return base::fail(base::Code::invalid, fmt::format("--{} {}: expected a number from {} to {}",
                                                     name, number, low, core_limit));
}

base::Result<probe::Slice> read_slice(const options::variables_map& given) {
  probe::Slice slice;
  slice.shared = given["shared"].as<bool>();
  const auto first = whole(given, "slice-first", 0);
  if (!first) return std::unexpected(first.error());
  slice.first_core = *first;
  if (given.contains("slice-cores")) {
    const auto cores = whole(given, "slice-cores", 1);
    if (!cores) return std::unexpected(cores.error());
    slice.n_cores = *cores;
  }
  if (given.contains("slice-gpus")) {
    const auto& text = given["slice-gpus"].as<std::string>();
    auto gpus = text.empty() ? model::GpuSet() : model::index_set_from_text(text);
    if (!gpus) return std::unexpected(std::move(gpus).error().in("--slice-gpus"));
    slice.gpus = *std::move(gpus);
  }
  if (given.contains("memory")) {
    const auto& text = given["memory"].as<std::string>();
    const auto bytes = base::parse_int(text, 1, std::int64_t{1} << 60);
    if (!bytes) {
      return base::fail(base::Code::invalid,
                        fmt::format("--memory '{}': expected bytes", base::printable(text)));
    }
    slice.memory = base::Bytes(static_cast<std::uint64_t>(*bytes));
  }
  return slice;
}

base::Result<probe::Request> read_request(const options::variables_map& given) {
  if (!given.contains("name")) return base::fail(base::Code::invalid, "expected --name");
  auto slice = read_slice(given);
  if (!slice) return std::unexpected(std::move(slice).error());
  return probe::Request{.name = given["name"].as<std::string>(),
                        .pool = given["pool"].as<std::string>(),
                        .address = given["address"].as<std::string>(),
                        .version = MUSTER_VERSION,
                        .slice = *std::move(slice)};
}

base::Result<void> write_files(const std::string& folder, const probe::Found& found) {
  model::AgentHello hello{.info = found.node, .launches = {}};
  const auto node = loop::write_file_atomic(folder + "/node", wire::encode(model::FromAgent(hello)),
                                            {.mode = 0644, .sync = false});
  if (!node) return node;
  return loop::write_file_atomic(folder + "/topology.xml", found.topology_xml,
                                 {.mode = 0644, .sync = false});
}

judge::Verdict examine(const probe::Request& request, const options::variables_map& given) {
  const auto found = probe::probe_node(request);
  if (!found) return judge::unusable(found.error().text);
  const judge::Verdict verdict = judge::judge(found->node);
  if (verdict.ready && given.contains("out")) {
    const auto written = write_files(given["out"].as<std::string>(), *found);
    if (!written) return judge::unusable(written.error().text);
  }
  return verdict;
}

base::Result<base::Bytes> read_bytes(const options::variables_map& given, const char* name) {
  const auto& text = given[name].as<std::string>();
  const auto bytes = base::parse_int(text, 0, std::int64_t{1} << 60);
  if (bytes) return base::Bytes(static_cast<std::uint64_t>(*bytes));
  return base::fail(base::Code::invalid,
                    fmt::format("--{} '{}': expected bytes", name, base::printable(text)));
}

/// What is to be judged: the GPUs of the node, in its order, and the kernel's log.
struct Looked {
  std::vector<judge::GpuState> gpus;
  std::vector<judge::KernelRecord> kernel;
};

base::Result<Looked> look_at_devices(const options::variables_map& given) {
  if (given.contains("gpu-states")) {
    const auto& path = given["gpu-states"].as<std::string>();
    const auto text = loop::read_file(path, file_limit);
    if (!text) return std::unexpected(text.error());
    auto recording = judge::recording_from_text(*text);
    if (!recording) return std::unexpected(std::move(recording).error().in(path));
    return Looked{std::move(recording->gpus), std::move(recording->kernel)};
  }
  Looked looked{.gpus = {}, .kernel = probe::read_kernel_records()};
  if (!given.contains("node")) return looked;
  const auto& path = given["node"].as<std::string>();
  const auto bytes = loop::read_file(path, file_limit);
  if (!bytes) return std::unexpected(bytes.error());
  const auto message = wire::decode_from_agent(*bytes);
  if (!message) return std::unexpected(message.error().in(path));
  const auto* hello = std::get_if<model::AgentHello>(&*message);
  if (hello == nullptr) return base::fail(base::Code::corrupt, path + ": expected a node");
  looked.gpus = probe::read_gpu_states(hello->info.topology.gpus);
  return looked;
}

/// Says what is not well, and returns those that fail.
std::vector<model::FailingGpu> judge_gpus(const std::vector<judge::GpuState>& gpus,
                                          const std::vector<judge::Xid>& xids,
                                          const judge::GpuLimits& limits) {
  std::vector<model::FailingGpu> failing;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const auto verdict = judge::judge(gpus[i], xids, limits);
    if (verdict.fitness == judge::GpuFitness::well) continue;
    const bool fails = verdict.fitness == judge::GpuFitness::failing;
    fmt::print("GPU {} ({}) {}: {}\n", i, gpus[i].pci, fails ? "fails" : "is noted for",
               verdict.reason);
    if (fails)
      failing.push_back({.gpu = static_cast<int>(i), .reason = verdict.reason, .since = {}});
  }
  return failing;
}

/// The kernel's log and the GPUs; the lines about the node itself are the caller's to judge.
base::Result<std::vector<std::string>> check_devices(const options::variables_map& given,
                                                     const std::string& folder) {
  const auto looked = look_at_devices(given);
  if (!looked) return std::unexpected(looked.error());
  const auto kernel = probe::look_at_kernel_log(folder, looked->kernel);
  auto xids = judge::xids_of(kernel.log);
  for (const auto& line : kernel.notes) {
    fmt::print("the kernel's log says: {}\n", base::printable(line, longest_line));
    if (auto xid = judge::xid_in(line)) xids.push_back(*std::move(xid));
  }
  const auto failing =
      judge_gpus(looked->gpus, xids, {.full_link = given["gpu-full-link"].as<bool>()});
  if (!folder.empty()) {
    const model::ReportCondition report{{.gpus = failing}};
    const auto written = loop::write_file_atomic(
        folder + "/gpus", wire::encode(model::FromAgent(report)), {.mode = 0600, .sync = false});
    if (!written) return std::unexpected(written.error());
  }
  return judge::node_faults_of(kernel.log);
}

judge::Verdict check(const options::variables_map& given) {
  const auto disk = read_bytes(given, "free-disk");
  const auto memory = read_bytes(given, "free-memory");
  if (!disk) return judge::unusable(disk.error().text);
  if (!memory) return judge::unusable(memory.error().text);
  std::vector<std::string> folders{"/tmp"};
  std::string folder;
  std::string state;
  if (given.contains("out")) {
    folder = given["out"].as<std::string>();
    folders.push_back(folder);
    state = folder + "/interfaces";
  }
  auto kernel_faults = check_devices(given, folder);
  if (!kernel_faults) return judge::unusable(kernel_faults.error().text);
  auto vitals = probe::read_vitals(folders, state);
  if (!vitals) return judge::unusable(vitals.error().text);
  vitals->kernel_faults = *std::move(kernel_faults);
  vitals->clock_off = std::chrono::seconds(given["clock-off"].as<std::int64_t>());
  return judge::judge(*vitals, {.disk = *disk, .memory = *memory});
}

/// The last line says what is wrong, or was being done when it took too long.
judge::Verdict see_to_mounts(const std::vector<std::string>& texts) {
  const auto say = [](std::string_view line) {
    fmt::print("{}\n", line);
    (void)std::fflush(stdout);
  };
  for (const auto& text : texts) {
    const auto mount = model::mount_from_text(text);
    if (!mount) return judge::unusable(mount.error().text);
    if (const auto seen = probe::see_to_mount(*mount, say); !seen)
      return judge::unusable(seen.error().text);
  }
  return {.ready = true, .text = fmt::format("mounted: {}", texts.size())};
}

int run(int argc, char** argv) {
  const options::options_description all = described();
  options::variables_map given;
  const auto parsed = options::command_line_parser(argc, argv).options(all).positional({}).run();
  options::store(parsed, given);
  if (given.contains("help")) {
    fmt::print("usage: muster-nodeprep --name NAME [OPTIONS]\n\n{}", fmt::streamed(all));
    return exit_ready;
  }
  if (given.contains("version")) {
    fmt::print("muster-nodeprep {}\n", MUSTER_VERSION);
    return exit_ready;
  }
  const bool are_mounts = given["mounts"].as<bool>();
  if (are_mounts || given["check"].as<bool>()) {
    const auto verdict =
        are_mounts ? see_to_mounts(given["mount"].as<std::vector<std::string>>()) : check(given);
    fmt::print("{}\n", verdict.text);
    return verdict.ready ? exit_ready : exit_unusable;
  }
  const auto request = read_request(given);
  if (!request) {
    fmt::print(stderr, "muster-nodeprep: {} (see --help)\n", request.error().text);
    return exit_usage;
  }
  const judge::Verdict verdict = examine(*request, given);
  fmt::print("{}\n", verdict.text);
  return verdict.ready ? exit_ready : exit_unusable;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "muster-nodeprep: {} (see --help)\n", error.what());
    return exit_usage;
  }
}
