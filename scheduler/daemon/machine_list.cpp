#include "scheduler/daemon/machine_list.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"

namespace musterd {

bool MachineList::add(const std::string& name, ListedMachine machine) {
  auto& machines = by_name[name];
  const auto same = std::ranges::find_if(machines, [&machine](const ListedMachine& other) {
    return machine.id.empty() || other.id.empty() || machine.id == other.id;
  });
  if (same == machines.end()) {
    machines.push_back(std::move(machine));
    return true;
  }
  const bool is_of_another_site = same->site != machine.site;
  if (machine.site < same->site) *same = std::move(machine);
  return is_of_another_site;
}

const ListedMachine& kept_of(const std::vector<ListedMachine>& machines, const std::string& birth,
                             const std::string& id) {
  base::check(!machines.empty(), "a name is listed with a machine");
  const auto find = [&machines](auto member, const std::string& wanted) {
    return wanted.empty() ? machines.end() : std::ranges::find(machines, wanted, member);
  };
  if (const auto found = find(&ListedMachine::birth, birth); found != machines.end()) return *found;
  if (const auto found = find(&ListedMachine::id, id); found != machines.end()) return *found;
  return machines.front();
}

}  // namespace musterd
