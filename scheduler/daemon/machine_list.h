#pragma once
// What a provider's program lists, at each of the sites where machines of a pool may be.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "lib/base/time.h"

namespace musterd {

struct ListedMachine {
  std::size_t site = 0;  // where it was listed; 0: the present one
  std::string id;        // as the provider calls it
  std::string birth;     // that it was made for, if that is known

  bool operator==(const ListedMachine&) const = default;
};

/// One list of all sites.
struct MachineList {
  std::map<std::string, std::vector<ListedMachine>> by_name;
  base::Time asked_at;
  std::size_t n_open = 0;  // sites that have not answered to the end
  std::string trouble;     // why it is not whole; empty: it is

  /// False for one that the list has already. Sites may well see the same machines: then the first
  /// one has it.
  bool add(const std::string& name, ListedMachine machine);
};

/// The one of several that stays: that of this birth, else that of this id, else the first.
/// `machines` has one at least.
const ListedMachine& kept_of(const std::vector<ListedMachine>& machines, const std::string& birth,
                             const std::string& id);

}  // namespace musterd
