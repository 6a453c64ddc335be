#pragma once
// Makes of the journal the state that the controller had.

#include <cstdint>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/store/journal.h"
#include "scheduler/core/engine.h"

namespace musterd {

struct Recovered {
  std::uint64_t n_facts = 0;    // read, those of the snapshot included
  model::Seq snapshot_seq = 0;  // what the snapshot covers; 0: there is none
  base::Time last_at;           // of the newest fact
};

/// Replays the latest snapshot and what came after it. Error corrupt, with the place and the
/// reason, for a fact that does not decode: nothing is guessed.
base::Result<Recovered> recover(store::Journal& journal, scheduler::Engine& engine);

}  // namespace musterd
