#pragma once
// The kinds of nodes that may take work, and which of them a request may use, and when.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "lib/model/node_choice.h"
#include "scheduler/core/view.h"
#include "scheduler/policy/profile.h"

namespace policy {

/// By places in Kinds.
using KindSet = std::vector<bool>;

/// Which nodes a request may use.
struct Selection {
  KindSet kinds;
  KindSet preferred = {};  // of these, those of the tier that it would rather have; empty: all
  bool is_listed = false;  // only those named may be used
  std::vector<model::NodeId> only;   // in order
  std::vector<model::NodeId> never;  // in order
  std::string booking;               // empty: none
};

/// What one job asks for.
struct Request {
  const model::Layout& layout;
  base::Duration duration;  // as it is taken to run; Duration::max(): no end is known
  base::Duration limit;     // that it is given: what keeps it off the time of bookings
  std::shared_ptr<const Selection> nodes;
  const model::Licenses* licenses = nullptr;           // nullptr: none
  const std::vector<model::NodeId>* former = nullptr;  // to have again where it can; nullptr: none
};

/// The same for a job of this layout.
Request with_layout(const Request& request, const model::Layout& layout);

class Kinds {
 public:
  explicit Kinds(const scheduler::View& view);

  std::size_t size() const { return kinds_.size(); }
  const scheduler::NodeKind& kind(std::size_t place) const { return *kinds_[place].kind; }
  const scheduler::ReadyKind& ready(std::size_t place) const { return *kinds_[place].ready; }

  /// Its place; size() when its pool is not known or it takes no work.
  /// cost: O(nodes) once where there are several kinds, else O(1)
  std::size_t place_of(model::NodeId node) const;

  using MayUsePool = std::function<bool(const std::string& pool)>;
  Selection select(const MayUsePool& may_use, const model::NodeChoice& choice) const;

  /// The pools of the kinds of a selection.
  std::set<std::string> pools_of(const Selection& selection) const;

  /// Of each part the least that its nodes in the pool have.
  scheduler::Amounts smallest(const Selection& selection, const std::string& pool) const;

  /// The same selection, but for nodes of other pools.
  std::shared_ptr<const Selection> only_in(const std::shared_ptr<const Selection>& selection,
                                           const std::set<std::string>& pools) const;

  /// May the request use this node at any time?
  bool is_selected(const Selection& selection, const scheduler::Node& node) const;

  /// Those of the selection that no booking of others keeps from it from `start` on for so long; of
  /// a request that names a booking, those that it is for all the time.
  KindSet open_kinds(const Selection& selection, base::Time start, base::Duration duration) const;

  /// The same without nodes that end before the request could: it waits for none of these.
  std::shared_ptr<const Selection> lasting(const std::shared_ptr<const Selection>& selection,
                                           base::Time now, base::Duration limit) const;

  /// Is a node ever open to some requests and not to others?
  bool has_bookings() const { return has_bookings_; }

  /// Adds the moments from which nodes are open that were not before.
  void add_openings(const Selection& selection, base::Time now,
                    std::vector<base::Time>& times) const;

 private:
  struct Window {
    const std::string* booking;  // nullptr: the end of the nodes
    base::Time start;
    base::Time end;

    bool is_end() const { return booking == nullptr; }
  };
  struct Kind {
    const scheduler::NodeKind* kind;
    const scheduler::ReadyKind* ready;
    std::vector<Window> windows;
  };

  KindSet of_tier(const KindSet& kinds, model::Tier tier) const;

  const scheduler::State& state_;
  std::vector<Kind> kinds_;  // in order
  bool is_only_kind_ = false;
  mutable std::vector<std::uint32_t> place_by_node_;  // by number, when first needed
  bool has_bookings_ = false;
};

}  // namespace policy
