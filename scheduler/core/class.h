#pragma once
// Classes of jobs: named priority bands with their rights.

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/job.h"

namespace scheduler {

struct Class {
  std::string name;
  int base = 0;                       // added to the own priority of its jobs
  std::vector<std::string> preempts;  // classes whose jobs make room for its jobs
  base::Duration grace{};  // for a preempted job of it to save its work, if it asked for a signal
  std::uint32_t max_preemptions = 0;  // of one of its jobs, which is left alone then
  std::vector<std::string> users;     // who may use it; empty: everybody
  bool yields = true;  // under the order served its jobs that save their work make room for others
};

/// low, which makes room for the others; normal; urgent.
std::vector<Class> built_in_classes();

class Classes {
 public:
  /// The built-in ones; normal is the default.
  Classes();
  /// `fallback`, one of them, is for jobs that name none.
  Classes(std::vector<Class> all, std::string fallback);

  /// The default for a name that is empty, or of a class that was taken out of the configuration.
  const Class& of(const std::string& name) const;

  /// May the user's job name this class? errors: not_found, denied
  base::Result<void> may_use(const model::User& user, const std::string& name) const;

  const std::vector<Class>& all() const { return all_; }

 private:
  std::vector<Class> all_;
  std::string fallback_;
};

}  // namespace scheduler
