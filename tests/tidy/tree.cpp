// Rules that need the whole tree.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/text.h"
#include "tests/tidy/rules.h"

namespace tidy {
namespace {

using Graph = std::map<std::string, std::vector<std::string>>;

/// Depth-first; a file met again while it is still open closes a circle.
class CycleFinder {
 public:
  explicit CycleFinder(const Graph& graph) : graph_(graph) {}

  void visit(const std::string& path) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (open_[i] == path) {
        const std::vector<std::string> circle(open_.begin() + static_cast<std::ptrdiff_t>(i),
                                              open_.end());
        findings.push_back({.path = path,
                            .line = 1,
                            .rule = "include-cycle",
                            .text = base::join(circle, " -> ") + " -> " + path});
        return;
      }
    }
    const auto next = graph_.find(path);
    if (next == graph_.end() || !done_.insert(path).second) {
      return;
    }
    open_.push_back(path);
    for (const auto& included : next->second) {
      visit(included);
    }
    open_.pop_back();
  }

  Findings findings;

 private:
  const Graph& graph_;
  std::vector<std::string> open_;
  std::set<std::string> done_;
};

using Builds = std::map<std::string_view, std::string>;

/// Whether a CMakeLists.txt just below the file's folder names it as ../file.
bool is_built_from_below(std::string_view path, const Builds& builds) {
  const auto folder = folder_of(path);
  const auto name = fmt::format("../{}", path.substr(folder.size() + 1));
  return std::ranges::any_of(builds, [&](const auto& build) {
    return folder_of(build.first) == folder && build.second.contains(name);
  });
}

/// Whether a CMakeLists.txt above the file names it, or takes all tests of a folder.
bool is_built(std::string_view path, const Builds& builds) {
  for (auto folder = folder_of(path);; folder = folder_of(folder)) {
    const auto build = builds.find(folder);
    const auto name = folder.empty() ? path : path.substr(folder.size() + 1);
    if (build != builds.end()) {
      if (build->second.contains(name)) {
        return true;
      }
      if (folder == "tests" && name.starts_with("unit/") && name.ends_with("_test.cpp")) {
        const auto unit = folder_of(name.substr(5));
        return build->second.contains(fmt::format(" {}", unit));
      }
    }
    if (folder.empty()) {
      return false;
    }
  }
}

std::string joined(const Source& source) {
  return base::join(source.lines, "\n");
}

Finding dead(const Source& source, std::string text) {
  return {.path = source.path, .line = 1, .rule = "dead-file", .text = std::move(text)};
}

}  // namespace

Findings check_cycles(std::span<const Source> tree) {
  Graph graph;
  for (const Source& source : tree) {
    for (const Include& include : includes_of(source)) {
      if (include.quoted && source.is_header()) {
        graph[source.path].push_back(include.name);
      }
    }
  }
  CycleFinder finder(graph);
  for (const auto& [path, included] : graph) {
    finder.visit(path);
  }
  return finder.findings;
}

Findings check_dead_files(std::span<const Source> tree) {
  std::set<std::string> included;
  Builds builds;
  std::string listed_scripts;
  for (const Source& source : tree) {
    for (const Include& include : includes_of(source)) {
      included.insert(include.name);
    }
    if (source.path.ends_with("CMakeLists.txt")) {
      builds[folder_of(source.path)] = joined(source);
    }
    if (source.path == "scripts/README.md") {
      listed_scripts = joined(source);
    }
  }
  Findings findings;
  for (const Source& source : tree) {
    if (source.is_header() && !included.contains(source.path)) {
      findings.push_back(dead(source, "nobody includes this header"));
    } else if (source.is_cpp() && !source.is_header() && !is_built(source.path, builds) &&
               !is_built_from_below(source.path, builds)) {
      findings.push_back(dead(source, "no CMakeLists.txt builds this file"));
    } else if (folder_of(source.path) == "scripts" && source.is_script() &&
               !listed_scripts.contains("`" + source.path.substr(8) + "`")) {
      findings.push_back(dead(source, "scripts/README.md does not list this script"));
    }
  }
  return findings;
}

Findings check_tree(std::span<const Source> tree) {
  Findings all;
  const auto add = [&](Findings findings) {
    all.insert(all.end(), findings.begin(), findings.end());
  };
  for (const Source& source : tree) {
    add(check_layers(source));
    add(check_pure(source));
    add(check_sizes(source));
    add(check_words(source));
    add(check_header_opening(source));
    add(check_standard_includes(source));
  }
  add(check_cycles(tree));
  add(check_dead_files(tree));
  return all;
}

}  // namespace tidy
