#pragma once
// The scheduling policies, and what they can be told.

#include <chrono>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/core/view.h"

namespace policy {

/// Who comes first among jobs of one priority; equal ranks go by submission. `sjf`: the shortest
/// time limit; `lxf`: the largest expected slowdown, (wait + limit) / limit (Srinivasan et al.,
/// JSSPP 2002); `wfp3`: the largest (wait / limit)^3 x cores (Tang et al., CLUSTER 2009). The last
/// two are ranked anew at each pass. `predicted`: the largest (wait + one hour) / predicted run
/// time, a job that is overdue before all others; it also backfills by predictions
/// (docs/decisions/006-default-policy.md). `served`: the least that is expected to be spent for one
/// end, by how long jobs alike lived and how long the job has been served; running jobs make room
/// for waiting ones that rank clearly higher (docs/decisions/012-served.md).
enum class Order { fcfs, sjf, lxf, wfp3, predicted, served };

/// In which order jobs are tried once the reservations are made.
enum class BackfillOrder { queue, sjf };

/// What else counts under `predicted`: each multiplies the rank by 2 to the power of the weight
/// times a number from 0 to 1.
struct Weights {
  double fair_share = 2;  // of the factor of the owner (favour.h)
  double size = 1;        // of the part of the cluster that the job asks for
  base::Duration half_life = std::chrono::days(7);  // of use
};

/// What one GPU is worth beside a core: about the ratio of their prices.
constexpr int cores_per_gpu = 16;

struct Options {
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  Order order = Order::fcfs;
  /// Blocked jobs of a pool that get a reservation, which no later job may delay; `predicted` gives
  /// its word for that of an overdue job only, to others it is what to expect. 0: none, and
  /// nothing overtakes; 1: EASY (Lifka, JSSPP 1995); unlimited: conservative (Mu'alem, Feitelson,
  /// IEEE TPDS 2001), all made anew at each pass.
  std::size_t depth = 1;
  std::map<std::string, std::size_t> depth_by_pool;  // of those that have their own
  BackfillOrder backfill_order = BackfillOrder::queue;
  Weights weights;
  base::Duration slice = std::chrono::minutes(30);  // `served` leaves an attempt alone so long
};

scheduler::Policy make(const Options& options);

/// "fcfs", "sjf", "lxf", "wfp3", "predicted", "served".
std::optional<Order> order_from_text(std::string_view text);

/// "queue", "sjf".
std::optional<BackfillOrder> backfill_order_from_text(std::string_view text);

}  // namespace policy
