#include "bench/cluster.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "bench/command.h"

namespace bench {

namespace {

/// Ended too when the program gives up, which destroys nothing.
std::vector<Cluster*>& living() {
  static std::vector<Cluster*> clusters;
  return clusters;
}

void end_all() {
  for (auto* cluster : living()) cluster->end();
}

}  // namespace

Cluster::Cluster(std::string bin, int nodes, int cpus_per_node) : bin_(std::move(bin)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "muster-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    give_up(base::fail_errno(errno, "cannot make a directory").error());
  directory_ = pattern;
  if (living().empty()) (void)std::atexit(end_all);
  living().push_back(this);
  (void)time_of({bin_ + "/muster", "up", "--dir", directory_, "--nodes", std::to_string(nodes),
                 "--cpus-per-node", std::to_string(cpus_per_node)});
}

Cluster::~Cluster() {
  end();
  std::erase(living(), this);
}

void Cluster::end() const {
  (void)run(
      {bin_ + "/muster", "down", "--dir", directory_});  // what is left is said on standard error
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> Cluster::muster(const std::vector<std::string>& words) const {
  std::vector<std::string> line{bin_ + "/muster", words.front(), "--dir", directory_};
  line.insert(line.end(), words.begin() + 1, words.end());
  return line;
}

}  // namespace bench
