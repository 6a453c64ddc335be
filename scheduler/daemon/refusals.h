#pragma once
// Who is refused comes again and again: the log has it once in a while, with how often.

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "lib/base/time.h"

namespace musterd {

class Refusals {
 public:
  /// Of one more refusal of this key: how many there were since the log had it last, this one
  /// among them; nullopt: it is not to have it now.
  std::optional<std::size_t> note(const std::string& key, base::Time now);

 private:
  struct Told {
    base::Time at;
    std::size_t n_since = 0;
  };
  std::map<std::string, Told> told_;
};

}  // namespace musterd
