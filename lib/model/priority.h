#pragma once
// What decides which waiting job comes first, term by term.

#include <cstddef>
#include <string>

#include "lib/base/time.h"
#include "lib/model/ids.h"

namespace model {

/// Of the oldest of a kind of waiting jobs. Higher `base` comes first, then one that is overdue,
/// then the higher rank, then the lower id.
struct PriorityTerms {
  JobId job;
  std::size_t n_alike = 1;  // jobs of its kind, itself included
  std::string user;
  std::string workspace;
  std::string class_name;
  int base = 0;  // of the class, plus the job's own priority
  int own = 0;
  base::Duration wait{};
  base::Duration predicted{};  // run time; 0 where the order does not ask
  bool is_overdue = false;
  double use = 0;         // the owner's part of all recent use, 0 to 1
  double due = 1;         // the part that it should have
  double fair_share = 1;  // the factor that these make, 1 to 0
  double size = 0;        // the part of the cluster that the job asks for
  double rank = 0;

  bool operator==(const PriorityTerms&) const = default;
};

}  // namespace model
