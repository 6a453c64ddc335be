#pragma once
// What happened to bookings: part of fact.h.

#include <string>

#include "lib/model/booking.h"

namespace model {

/// Nodes are set aside. A booking of the same name is replaced.
struct BookingMade {
  Booking booking;
  bool operator==(const BookingMade&) const = default;
};

/// Its time has come.
struct BookingBegun {
  std::string name;
  bool operator==(const BookingBegun&) const = default;
};

/// Its time is over, or somebody cancelled it.
struct BookingEnded {
  std::string name;
  std::string by;  // empty: its time is over
  bool operator==(const BookingEnded&) const = default;
};

}  // namespace model
