#pragma once
// A booking: nodes that are set aside from one time to another, for some users or for nobody
// (maintenance). What a waiting job has is a reservation; that is another thing.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"

namespace model {

struct Booking {
  std::string name;  // of the bookings that have not ended, only one has it
  std::vector<NodeId> nodes;
  base::Time start;
  base::Time end;
  bool is_maintenance = false;          // nothing runs there
  std::vector<std::string> users;       // whose jobs may use it
  std::vector<std::string> workspaces;  // whose jobs may, too
  std::string comment;
  User by;

  bool operator==(const Booking&) const = default;
};

/// What `muster reserve` asks for; the controller chooses what is left open.
struct BookingSpec {
  std::string name;                // empty: one is made
  std::vector<std::string> names;  // of nodes; empty: `n_nodes` of the pool
  int n_nodes = 0;                 // 0, and no names: all of the pool
  std::string pool;                // empty: any
  base::Time start;
  base::Time end;
  bool is_maintenance = false;
  bool ignores_jobs = false;  // also nodes whose jobs may run on until then
  std::vector<std::string> users;
  std::vector<std::string> workspaces;
  std::string comment;

  bool operator==(const BookingSpec&) const = default;
};

/// The booking that stands for the end of a node of this name: no work goes beyond it.
std::string node_end_booking(std::string_view node);
bool is_node_end(std::string_view booking);

/// May a job of this user and workspace use it?
bool may_use(const Booking& booking, const User& user, const std::string& workspace);

}  // namespace model
