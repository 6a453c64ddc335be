#include "lib/model/booking.h"

#include <algorithm>

namespace model {

bool may_use(const Booking& booking, const User& user, const std::string& workspace) {
  if (booking.is_maintenance) return false;
  return std::ranges::find(booking.users, user.name) != booking.users.end() ||
         std::ranges::find(booking.workspaces, workspace) != booking.workspaces.end();
}

}  // namespace model
