#pragma once
// Where everything of a cluster lies, below its directory.

#include <string>

#include "lib/base/result.h"

namespace musterd {

struct Paths {
  std::string dir;  // absolute

  std::string lock() const { return dir + "/musterd.lock"; }
  std::string journal() const { return dir + "/journal.db"; }
  std::string key() const { return dir + "/key"; }
  std::string log_dir() const { return dir + "/log"; }
  std::string log() const { return dir + "/log/musterd.log"; }
  std::string api_socket() const { return dir + "/api.sock"; }
  std::string agents_socket() const { return dir + "/agents.sock"; }
  std::string run_dir() const { return dir + "/run"; }
  std::string nodes_dir() const { return dir + "/nodes"; }
  /// Of pools whose nodes a program makes: a file each, from their first start on.
  std::string programs_dir() const { return dir + "/providers"; }
  std::string tls_dir() const { return dir + "/tls"; }
  std::string node_dir(const std::string& name) const { return dir + "/nodes/" + name; }
};

/// Makes the folders, for the owner only; or, for all users, so that they come through to the API
/// and to what is theirs. Errors: invalid for a directory that is not absolute or so long that the
/// sockets in it would have no valid address; and those of the file system.
base::Result<void> make_folders(const Paths& paths, bool for_all = false);

}  // namespace musterd
