#include "scheduler/daemon/users.h"

#include <pwd.h>
#include <unistd.h>

#include <vector>

namespace musterd {

namespace {

std::string look_up(uid_t uid) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const bool known = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0;
  return known && found != nullptr ? std::string(entry.pw_name) : std::to_string(uid);
}

}  // namespace

model::User Users::identify(const loop::PeerUser& peer) {
  auto known = names_.find(peer.uid);
  if (known == names_.end()) known = names_.emplace(peer.uid, look_up(peer.uid)).first;
  return {.uid = peer.uid, .gid = peer.gid, .name = known->second};
}

}  // namespace musterd
