#pragma once
// An embedded cluster in a private directory, as `muster up` makes it; ended and removed with the
// object.

#include <string>
#include <vector>

namespace bench {

class Cluster {
 public:
  /// `bin` is the folder of muster's programs. Ends this process when the cluster does not come up.
  Cluster(std::string bin, int nodes, int cpus_per_node);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Ends and removes it; done by the destructor, and when the program exits before.
  void end() const;

  /// A command line of muster against this cluster: muster({"submit", "--hold", path}).
  std::vector<std::string> muster(const std::vector<std::string>& words) const;

  const std::string& directory() const { return directory_; }
  std::string api_socket() const { return directory_ + "/api.sock"; }

 private:
  std::string bin_;
  std::string directory_;
};

}  // namespace bench
