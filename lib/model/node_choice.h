#pragma once
// Which nodes a request may use, beside its pool: features, kinds of GPU, names, and nodes that
// were booked for it.

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/tier.h"

namespace model {

/// What nodes need to have: all features of one of the groups. No group: nothing.
struct Constraint {
  std::vector<std::vector<std::string>> groups;

  auto operator<=>(const Constraint&) const = default;
};

/// "ib&bigmem|gpu": '&' (or ',') binds closer than '|'.
/// errors: invalid for empty names, odd characters, and the forms of others that are not known here
base::Result<Constraint> constraint_from_text(std::string_view text);

std::string to_text(const Constraint& constraint);

/// `features` in order.
bool is_met(const Constraint& constraint, const std::vector<std::string>& features);

struct NodeChoice {
  Constraint constraint;
  std::string gpu_kind;            // "h100"; empty: any
  std::vector<std::string> only;   // names in order; empty: all
  std::vector<std::string> never;  // names in order
  std::string booking;             // nodes that are booked under this name; empty: none
  Tiers tiers;                     // the preferred one first; none: any

  auto operator<=>(const NodeChoice&) const = default;
};

/// Is the wanted kind, such as "h100" or "h100-80gb", the device's, "NVIDIA H100 80GB HBM3"? Each
/// word of the one has to be a word of the other; capitals do not matter.
bool is_gpu_kind(std::string_view wanted, std::string_view device);

/// Letters, digits, '-', '_' and '.': what names of features, switches, licenses and bookings are
/// made of.
bool is_plain_name(std::string_view name);

}  // namespace model
