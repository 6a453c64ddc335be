#pragma once
// The clients that wait for the core's answer to what they asked.

#include <cstddef>
#include <functional>
#include <map>
#include <utility>

#include "lib/base/result.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"

namespace musterd {

class Requests {
 public:
  using Take = std::function<void(const base::Result<scheduler::Answer>&)>;

  void add(scheduler::RequestId request, Take take) { waiting_.emplace(request, std::move(take)); }
  void answer(const scheduler::Reply& reply);
  void fail_all(const base::Error& error);
  std::size_t n_waiting() const { return waiting_.size(); }

 private:
  std::map<scheduler::RequestId, Take> waiting_;
};

}  // namespace musterd
