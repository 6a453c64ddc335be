#pragma once
// What production would predict of a job's run time when it is submitted, by what its user asked
// for and how the jobs before it went: the estimates of --estimates predicted.

#include <cstddef>
#include <cstdint>
#include <deque>

#include "lib/base/time.h"
#include "scheduler/core/history.h"
#include "sim/replay/workload.h"

namespace replay {

class Predictor {
 public:
  /// Remembers so many ended jobs.
  explicit Predictor(std::size_t jobs_kept) : jobs_kept_(jobs_kept) {}

  /// At most what the job asked for.
  base::Duration predict(const Job& job) const;

  /// Takes a job that has ended, after all of its run time.
  void learn(const Job& job);

 private:
  std::size_t jobs_kept_;
  std::uint32_t n_learnt_ = 0;
  scheduler::History history_;
  std::deque<scheduler::Job> ended_;
};

}  // namespace replay
