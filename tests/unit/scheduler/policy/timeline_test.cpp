#include "scheduler/policy/timeline.h"

#include <set>

#include "lib/base/random.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/invariants.h"
#include "tests/support/catch.h"
#include "tests/support/cluster.h"
#include "tests/unit/scheduler/policy/plain_timeline.h"

namespace {

using support::PlainPlacement;
using support::PlainTimeline;

const std::vector<std::string> two_pools{"default", "big"};

/// Nodes and jobs from a seed, as facts tell them; two timelines that are asked the same.
class TwoTimelines {
 public:
  explicit TwoTimelines(std::uint64_t seed) : random_(seed) {
    const int n_nodes = 1 + below(12);
    n_features_ = below(2) * below(4);
    n_switches_ = below(2) * below(4);
    for (int i = 1; i <= n_nodes; ++i) join(i, {});
    has_memory_ = below(2) == 0;
    has_names_ = below(3) == 0;
    has_whole_nodes_ = below(3) == 0;
    for (int i = below(2) * below(3); i > 0; --i)
      licenses_.emplace(i == 1 ? "solver" : "mesher", 1 + below(4));
    has_bookings_ = below(3) == 0;
  }

  /// Two of three jobs ask for the whole of a node, or more, so that most passes reserve.
  void pass() {
    const scheduler::View view{state_, two_pools, {}, {}, licenses_};
    policy::Timeline timeline(view, now_);
    PlainTimeline plain(view, now_);
    const int n_requests = 1 + below(12);
    int reservations = below(4);
    std::vector<model::Fact> starts;
    if (below(3) == 0) end_some_early(timeline, plain);
    for (int i = 0; i < n_requests; ++i) {
      const auto ask = random_ask();
      const auto request = request_of(timeline, ask);
      REQUIRE(timeline.fits_when_empty(request) == plain.fits_when_empty(ask));
      if (below(3) == 0) {
        const auto later = now_ + minutes(below(6));
        const auto placement = timeline.place_at(request, later);
        same(plain, plain.place_at(ask, later), placement);
        if (placement) CHECK(timeline.is_free(request, *placement));
      }
      const auto expected = plain.place_now(ask);
      const auto found = timeline.place_now(request);
      same(plain, expected, found);
      if (found) {
        const auto allocation = timeline.allocate(request, *found);
        REQUIRE(plain.allocate(ask, *expected) == allocation);
        if (below(4) > 0) start(ask, allocation, starts);
      } else if (reservations > 0) {
        --reservations;
        reserve(timeline, plain, ask, request);
      }
    }
    for (const auto& fact : starts) apply(state_, fact);
  }

  /// Time goes on, jobs end, nodes go and come back, some with launches that nobody knows.
  void live() {
    now_ += minutes(below(3));
    change_bookings();
    for (int i = below(4); i > 0 && !running_.empty(); --i) {
      const auto place = running_.begin() + below(static_cast<int>(running_.size()));
      apply(state_, {now_, model::JobEnded{*place, {}}});
      running_.erase(place);
    }
    if (below(4) == 0) {
      const auto& node = state_.nodes.at(model::NodeId(
          static_cast<std::uint32_t>(1 + below(static_cast<int>(state_.nodes.size())))));
      const model::LaunchKey stray{model::JobId(1), 1, {}};
      const auto number = static_cast<int>(node.id.number());
      if (node.phase != scheduler::NodePhase::ready) {
        join(number, below(2) == 0 ? std::vector{stray} : std::vector<model::LaunchKey>());
      } else if (!node.strays.empty()) {
        apply(state_, {now_, model::StrayGone{node.id, stray}});
      } else {
        apply(state_, {now_, model::NodeAway{node.id}});
      }
    }
    REQUIRE(scheduler::violation(state_).value_or("none") == "none");
  }

  int n_placed_later() const { return n_placed_later_; }

 private:
  static base::Duration minutes(int n) { return std::chrono::minutes(n); }

  int below(int bound) {
    return static_cast<int>(random_.below(static_cast<std::uint64_t>(bound)));
  }

  void join(int number, std::vector<model::LaunchKey> strays) {
    const int cores = 1 + below(6);
    const int gpus = below(3);
    const auto* pool = number % 3 == 0 ? "big" : "default";
    const auto known = state_.nodes.find(model::NodeId(static_cast<std::uint32_t>(number)));
    auto info = known != state_.nodes.end()
                    ? known->second.info
                    : marked(support::node("n" + std::to_string(number), cores, gpus, pool));
    apply(state_, {now_, model::NodeJoined{model::NodeId(static_cast<std::uint32_t>(number)), info,
                                           std::move(strays)}});
  }

  /// Features in order; switches of two levels.
  model::NodeInfo marked(model::NodeInfo info) {
    for (int i = 0; i < n_features_; ++i) {
      if (below(2) == 0) info.features.push_back("f" + std::to_string(i));
    }
    if (n_switches_ > 0 && below(5) > 0) {
      const int leaf = below(n_switches_);
      info.switches = {"top" + std::to_string(leaf / 2), "leaf" + std::to_string(leaf)};
    }
    return info;
  }

  model::Layout random_layout() {
    model::Layout layout;
    layout.tasks = 1 + below(8);
    if (below(2) == 0) layout.nodes = 1 + below(std::min(layout.tasks, 4));
    if (below(4) == 0) layout.most_tasks_per_node = 1 + below(4);
    layout.cpus_per_task = 1 + below(3);
    if (below(4) == 0) layout.gpus_per_task = below(2);
    if (below(4) == 0 && layout.gpus_per_task == 0) layout.gpus_per_node = below(3);
    if (has_memory_ && below(2) == 0)
      layout.memory_per_cpu = base::Bytes(static_cast<std::uint64_t>(1 + below(6)) << 30);
    else if (has_memory_)
      layout.memory_per_node = base::Bytes(static_cast<std::uint64_t>(below(12)) << 30);
    return layout;
  }

  std::vector<std::string> random_names() {
    std::set<std::string> names;
    for (int i = 1 + below(4); i > 0; --i)
      names.insert("n" + std::to_string(1 + below(static_cast<int>(state_.nodes.size()))));
    return {names.begin(), names.end()};
  }

  support::Ask random_ask() {
    support::Ask ask{.layout = random_layout(), .duration = random_duration(), .pools = {}};
    for (const auto& pool : two_pools) {
      if (below(4) > 0) ask.pools.insert(pool);
    }
    if (n_features_ > 0 && below(2) == 0)
      ask.choice.constraint.groups = {{"f0"}, {"f" + std::to_string(below(n_features_))}};
    if (has_names_ && below(3) == 0) ask.choice.only = random_names();
    if (has_names_ && below(3) == 0) ask.choice.never = random_names();
    if (has_whole_nodes_ && below(3) == 0) ask.layout.whole_nodes = true;
    for (const auto& [name, n_all] : licenses_) {
      if (below(2) == 0) ask.licenses.emplace(name, 1 + below(n_all + 1));
    }
    if (!state_.bookings.empty() && below(4) == 0)
      ask.choice.booking = state_.bookings.begin()->first;
    return ask;
  }

  static policy::Request request_of(const policy::Timeline& timeline, const support::Ask& ask) {
    return {.layout = ask.layout,
            .duration = ask.duration,
            .limit = ask.duration,
            .nodes = std::make_shared<const policy::Selection>(timeline.kinds().select(
                [&](const std::string& pool) { return ask.pools.contains(pool); }, ask.choice)),
            .licenses = ask.licenses.empty() ? nullptr : &ask.licenses};
  }

  void change_bookings() {
    if (!has_bookings_) return;
    std::vector<std::string> over;
    for (const auto& [name, standing] : state_.bookings) {
      if (standing.booking.end <= now_) over.push_back(name);
    }
    for (const auto& name : over) apply(state_, {now_, model::BookingEnded{name, {}}});
    if (state_.bookings.size() >= 2 || below(3) > 0) return;
    model::Booking booking{.name = "b" + std::to_string(++n_bookings_),
                           .nodes = {},
                           .start = now_ + minutes(below(5)),
                           .end = {}};
    booking.end = booking.start + minutes(1 + below(8));
    for (const auto& [id, node] : state_.nodes) {
      if (below(2) == 0) booking.nodes.push_back(id);
    }
    apply(state_, {now_, model::BookingMade{booking}});
  }

  base::Duration random_duration() {
    return below(6) == 0 ? base::Duration::max() : minutes(1 + below(5));
  }

  void start(const support::Ask& ask, const model::Allocation& allocation,
             std::vector<model::Fact>& starts) {
    auto spec = **support::job();
    spec.shape.tasks = ask.layout.tasks;
    spec.licenses = ask.licenses;
    if (ask.duration != base::Duration::max()) spec.time_limit = ask.duration;
    const auto job = state_.next_job;
    apply(state_, {now_, model::JobSubmitted{job, support::user(),
                                             std::make_shared<const model::JobSpec>(spec)}});
    starts.push_back({now_, model::AttemptStarted{job, 1, allocation}});
    running_.push_back(job);
  }

  /// One of them only for a while, which changes nothing.
  void end_some_early(policy::Timeline& timeline, PlainTimeline& plain) {
    const auto at = now_ + minutes(1);
    for (const auto id : running_) {
      const auto& job = state_.jobs.at(id);
      const bool is_for_good = below(3) == 0;
      timeline.end_early(job, at);
      if (!is_for_good) timeline.end_as_expected(job, at);
      plain.end_early(job, at, is_for_good);
    }
  }

  static void same(const PlainTimeline& plain, const std::optional<PlainPlacement>& expected,
                   const std::optional<policy::Placement>& found) {
    REQUIRE(expected.has_value() == found.has_value());
    if (!expected) return;
    REQUIRE(expected->start == found->start);
    REQUIRE(expected->parts.size() == found->parts.size());
    for (std::size_t i = 0; i < found->parts.size(); ++i) {
      const auto& [lane, tasks] = expected->parts[i];
      CHECK(plain.node(lane).id == found->parts[i].place.node);
      CHECK(plain.node(lane).info.name == *found->parts[i].place.name);
      CHECK(tasks == found->parts[i].tasks);
    }
  }

  void reserve(policy::Timeline& timeline, PlainTimeline& plain, const support::Ask& ask,
               const policy::Request& request) {
    const auto expected = plain.place_later(ask);
    const auto found = timeline.place_later(request);
    same(plain, expected, found);
    if (!found) return;
    ++n_placed_later_;
    plain.reserve(ask, *expected);
    timeline.reserve(request, *found);
  }

  base::Random random_;
  bool has_memory_ = false;
  bool has_names_ = false;
  bool has_whole_nodes_ = false;
  bool has_bookings_ = false;
  int n_features_ = 0;
  int n_switches_ = 0;
  int n_bookings_ = 0;
  model::Licenses licenses_;
  scheduler::State state_;
  base::Time now_ = base::time_from_us(1'000'000'000);
  std::vector<model::JobId> running_;
  int n_placed_later_ = 0;
};

}  // namespace

TEST_CASE("a timeline that looks at few nodes decides as one that looks at all") {
  int n_placed_later = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    INFO("seed " << seed);
    TwoTimelines cluster(seed);
    for (int i = 0; i < 20; ++i) {
      cluster.pass();
      cluster.live();
    }
    n_placed_later += cluster.n_placed_later();
  }
  CHECK(n_placed_later > 200);
}
