#include "lib/model/booking.h"

#include <algorithm>

namespace model {

bool may_use(const Booking& booking, const User& user, const std::string& workspace) {
  if (booking.is_maintenance) return false;
  return std::ranges::find(booking.users, user.name) != booking.users.end() ||
         std::ranges::find(booking.workspaces, workspace) != booking.workspaces.end();
}

namespace {

constexpr std::string_view end_mark = " ends";  // no name that people give has a blank

}  // namespace

std::string node_end_booking(std::string_view node) {
  return std::string(node) + std::string(end_mark);
}

bool is_node_end(std::string_view booking) {
  return booking.ends_with(end_mark);
}

}  // namespace model
