#pragma once
// Keeps the journal short: now and then writes what is left of the facts as a snapshot, and drops
// the records that it covers. Reading, sifting and writing happen on the other threads.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/loop/log.h"
#include "lib/model/fact.h"
#include "lib/store/journal.h"
#include "scheduler/daemon/archive.h"
#include "scheduler/daemon/driver.h"

namespace musterd {

class Snapshots {
 public:
  struct Options {
    std::size_t every = 100'000;  // facts
    std::size_t keep = 100'000;   // records that stay for readers of events
  };

  struct Parts {
    Driver& driver;
    store::Journal& journal;
    Archive& archive;
    const loop::Log& log;
  };

  /// `covered`: the place of the snapshot that there is; 0 for none.
  Snapshots(Parts parts, Options options, model::Seq covered)
      : parts_(parts), options_(options), covered_(covered) {}

  /// Begins a snapshot if it is time for one.
  void consider();

 private:
  /// The state that the snapshot is to have, as far as sifting needs it.
  struct Plan {
    model::Seq up_to = 0;
    std::vector<model::JobId> jobs;  // in the state then, ascending
    std::vector<model::Fact> head;
    std::vector<model::Fact> tail;
  };
  using Old = base::Result<std::optional<store::Snapshot>>;
  using Body = base::Result<std::optional<std::string>>;  // nullopt: not worth it

  void begin(std::shared_ptr<const Plan> plan);
  void sift(std::shared_ptr<const Plan> plan, const Old& old);
  void save(std::shared_ptr<const Plan> plan, const Body& body);
  void finish(const Plan& plan, const base::Result<void>& saved);
  static Body left_of(store::Reader& reader, const Plan& plan,
                      const std::optional<store::Snapshot>& old);

  Parts parts_;
  Options options_;
  model::Seq covered_;
  bool is_busy_ = false;
};

}  // namespace musterd
