#pragma once
// Names of users by number, from the system's user database; asked once each.

#include <cstdint>
#include <map>
#include <string>

#include "lib/loop/stream.h"
#include "lib/model/job.h"

namespace musterd {

class Users {
 public:
  /// A number without a name is named by its digits.
  model::User identify(const loop::PeerUser& peer);

 private:
  std::map<std::uint32_t, std::string> names_;
};

}  // namespace musterd
