#include "bench/cluster.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "bench/command.h"

namespace bench {

Cluster::Cluster(std::string bin, int nodes, int cpus_per_node) : bin_(std::move(bin)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "muster-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    give_up(base::fail_errno(errno, "cannot make a directory").error());
  directory_ = pattern;
  (void)time_of({bin_ + "/muster", "up", "--dir", directory_, "--nodes", std::to_string(nodes),
                 "--cpus-per-node", std::to_string(cpus_per_node)});
}

Cluster::~Cluster() {
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
