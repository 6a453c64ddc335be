// Who may include whom: docs/architecture.md has this table for people.

#include <fmt/format.h>

#include <optional>

#include "lib/base/text.h"
#include "tests/tidy/rules.h"

namespace tidy {
namespace {

using Paths = std::vector<std::string_view>;

/// Files below `folder` may include their own folder and these; the first row that fits a file
/// counts.
struct Layer {
  std::string_view folder;
  Paths may_include;
};

const std::vector layers = std::vector<Layer>({
    {"lib/base", {}},
    {"lib/model", {"lib/base"}},
    {"lib/wire", {"lib/base", "lib/model"}},
    {"lib/nvml", {"lib/base", "lib/model"}},
    {"lib/loop", {"lib/base", "lib/model"}},
    {"lib/http", {"lib/base", "lib/loop"}},
    {"lib/store", {"lib/base", "lib/model"}},
    {"lib/pki", {"lib/base", "lib/model", "lib/wire", "lib/loop"}},
    {"conf", {"lib/base", "lib/model"}},
    {"scheduler/core", {"lib/base", "lib/model"}},
    {"scheduler/policy", {"lib/base", "lib/model", "scheduler/core/view.h"}},
    {"scheduler/configured",
     {"lib/base", "lib/model", "conf", "scheduler/core", "scheduler/policy"}},
    {"agent/core", {"lib/base", "lib/model"}},
    {"launcher/map", {"lib/base", "lib/model"}},
    {"launcher/pmi1", {"lib/base", "lib/model"}},
    {"nodeprep/judge", {"lib/base", "lib/model"}},
    {"doctor/judge", {"lib/base", "lib/model"}},
    {"scheduler", {"lib", "conf"}},
    {"agent", {"lib", "conf"}},
    {"launcher", {"lib"}},
    {"nodeprep/gpu", {"lib/model/gpu_card.h", "lib/model/gpu_check.h"}},
    {"nodeprep", {"lib"}},
    {"doctor", {"lib"}},
    {"cli/dialect", {"lib/base", "lib/model", "cli/options", "cli/request"}},
    {"cli", {"lib", "conf"}},
    {"authority", {"lib", "conf", "cli/options"}},
    {"sim",
     {"lib/base", "lib/model", "lib/wire", "conf", "lib/store/memory_journal.h",
      "lib/store/journal.h", "lib/store/sqlite_journal.h", "lib/loop/clock.h", "scheduler/core",
      "scheduler/policy", "scheduler/configured", "agent/core", "cli/options"}},
    {"examples", {"lib/base"}},
    {"bench", {"lib"}},
    {"tests",
     {"lib", "conf", "scheduler", "agent", "launcher", "nodeprep", "doctor", "cli", "sim",
      "examples", "bench"}},
});

/// Headers of others (by the start of their name) and the only places that may include them.
struct Confined {
  std::string_view header;
  Paths places;
};

const std::vector confined = std::vector<Confined>({
    {"uv.h", {"lib/loop"}},
    {"openssl/", {"lib/loop", "lib/pki", "tests/unit/lib/loop"}},
    {"spdlog/", {"lib/loop/log.cpp"}},
    {"sqlite3.h", {"lib/store", "tests/unit/lib/store"}},
    {"boost/beast", {"lib/http"}},
    {"boost/asio", {"lib/http"}},
    {"boost/program_options",
     {"cli", "examples", "scheduler/main.cpp", "agent/main.cpp", "launcher/main.cpp",
      "nodeprep/main.cpp", "sim/main.cpp", "bench"}},
    {"toml", {"conf"}},
    {"google/protobuf", {"lib/wire"}},
    {"nlohmann/",
     {"lib/wire", "lib/http", "cli", "scheduler/daemon", "sim/replay/report.cpp", "tests"}},
    {"pmix", {"launcher/pmix"}},
    {"hwloc", {"nodeprep/probe", "launcher/pmix"}},
    {"cuda", {"nodeprep/gpu", "examples"}},
    {"nccl", {"nodeprep/gpu", "examples"}},
    {"mpi.h", {"examples", "bench", "tests"}},
    {"zlib.h", {"examples", "sim/replay/input.cpp"}},
    {"catch2/", {"tests/support/catch.h"}},
});

bool is_below_any(std::string_view path, const Paths& places) {
  for (const auto place : places) {
    if (is_below(path, place)) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> wrong_own(std::string_view path, std::string_view name) {
  if (name.ends_with(".pb.h") && !is_below(path, "lib/wire")) {
    return "generated protobuf types stay in lib/wire";
  }
  for (const Layer& layer : layers) {
    if (!is_below(path, layer.folder)) {
      continue;
    }
    if (is_below(name, layer.folder) || is_below_any(name, layer.may_include)) {
      return std::nullopt;
    }
    return fmt::format("{} may not include '{}'", layer.folder, name);
  }
  return "this folder is in no layer: add it to tests/tidy/layers.cpp";
}

std::optional<std::string> wrong_foreign(std::string_view path, std::string_view name) {
  for (const Confined& row : confined) {
    if (name.starts_with(row.header) && !is_below_any(path, row.places)) {
      std::vector<std::string> places(row.places.begin(), row.places.end());
      return fmt::format("<{}> is for {} only", name, base::join(places, ", "));
    }
  }
  return std::nullopt;
}

}  // namespace

Findings check_layers(const Source& source) {
  Findings findings;
  for (const Include& include : includes_of(source)) {
    // Headers of others may come in quotes too, as pmix_server.h often does; ours always have a
    // folder.
    const bool own = include.quoted && include.name.contains('/');
    const auto wrong =
        own ? wrong_own(source.path, include.name) : wrong_foreign(source.path, include.name);
    if (wrong) {
      findings.push_back(
          {.path = source.path, .line = include.line, .rule = "layers", .text = *wrong});
    }
  }
  return findings;
}

}  // namespace tidy
