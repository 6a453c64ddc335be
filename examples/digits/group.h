#pragma once
// The ranks that train together. The only part that starts and ends MPI.

#include <cstddef>
#include <span>

#include "lib/base/result.h"

namespace digits {

/// MPI from construction to destruction; one per process.
class Group {
 public:
  Group(int& argc, char**& argv);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }

  /// An error when this process came up alone although Muster started it as one of several.
  base::Result<void> check_size() const;

  /// Copies the bytes of rank 0 to all ranks.
  void broadcast(std::span<std::byte> bytes) const;

  /// Whether all ranks say yes; every rank calls it and gets the same answer.
  bool all(bool yes) const;

  /// Ends all ranks at once.
  [[noreturn]] void abort(int status) const;

 private:
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace digits
