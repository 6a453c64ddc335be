#pragma once
// What waiting jobs have in common that no policy tells apart but by their age.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "scheduler/core/job.h"

namespace scheduler {

/// A pass looks at the oldest of a kind only, so what tells kinds apart is kept small.
struct JobKind {
  std::uint32_t uid = 0;
  int priority = 0;
  std::string pool;  // asked for; empty: any
  std::string class_name;
  std::string workspace;
  std::optional<base::Duration> time_limit;
  model::Layout layout;
  model::NodeChoice choice;
  std::vector<std::string> avoided;  // nodes, as avoided_nodes()
  model::Licenses licenses;
  std::string family;  // of its name
  bool is_array = false;

  auto operator<=>(const JobKind&) const = default;  // any order, for use as a key
};

JobKind kind_of(const Job& job);

/// A name without its digits: run7 and run8 are of one family, and of one kind.
std::string family_of(const std::string& name);

}  // namespace scheduler
