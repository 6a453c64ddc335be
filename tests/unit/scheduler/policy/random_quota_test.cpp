// Random clusters, queues and quotas: no limit is ever exceeded, nobody waits without need, and
// what was lent comes back to whom it is owed.

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;
using model::QuotaResource;

namespace {

constexpr int n_clusters = 24;
constexpr int n_turns = 12;

/// What a job holds, added up by hand.
struct Held {
  std::int64_t cores = 0;
  std::int64_t gpus = 0;
  std::int64_t nodes = 0;
  std::int64_t jobs = 0;

  std::int64_t of(QuotaResource resource) const {
    if (resource == QuotaResource::cores) return cores;
    if (resource == QuotaResource::gpus) return gpus;
    return resource == QuotaResource::nodes ? nodes : jobs;
  }
};

class RandomSite {
 public:
  explicit RandomSite(std::uint64_t seed)
      : random_(seed), settings_(any_settings()), controller_(settings_, any_policy()) {
    const int n_nodes = 2 + below(4);
    for (int i = 0; i < n_nodes; ++i) {
      const int cores = 2 + below(4);
      const int gpus = below(3);
      controller_.join(node("n" + std::to_string(i), cores, gpus, i % 2 == 0 ? "a" : "b"));
    }
  }

  void turn() {
    const int what = below(6);
    if (what < 3) {
      submit();
    } else if (what < 5) {
      end_one();
    } else {
      controller_.pass(std::chrono::minutes(below(90)));
    }
    check_limits();
    n_waited_ += n_waiting_for_quota();
  }

  /// Everything that runs comes to its end, and so does all that waits.
  void drain() {
    for (int i = 0; i < 400 && controller_.engine().state().n_active > 0; ++i) {
      end_one();
      check_limits();
    }
    CHECK(controller_.engine().state().n_active == 0);
    for (const auto& [id, each] : controller_.engine().state().jobs) {
      INFO(to_text(id) << " " << controller_.reason_of(id));
      REQUIRE((std::holds_alternative<scheduler::Done>(each.phase)));
    }
  }

  std::size_t n_started() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        controller_.facts(),
        [](const auto& fact) { return std::holds_alternative<model::AttemptStarted>(fact.body); }));
  }
  std::size_t n_waited() const { return n_waited_; }

 private:
  int below(unsigned n) { return static_cast<int>(random_.below(n)); }
  std::string any_of(std::vector<std::string> words) {
    return words[static_cast<std::size_t>(below(static_cast<unsigned>(words.size())))];
  }

  scheduler::Quota any_quota() {
    scheduler::Quota quota;
    quota.user = any_of({"", "", "*", "user1", "user2"});
    quota.workspace = any_of({"", "", "*", "x"});
    quota.class_name = any_of({"", "", "", "*", "low"});
    quota.pool = any_of({"", "", "*", "a"});
    const auto resource = static_cast<QuotaResource>(below(4));
    quota.limits[resource] = 1 + below(6);
    if (below(3) == 0) quota.limits[QuotaResource::running_jobs] = 1 + below(4);
    return quota;
  }

  scheduler::Settings any_settings() {
    scheduler::Settings settings;
    settings.pools = {"a", "b"};
    auto classes = scheduler::built_in_classes();
    for (auto& each : classes) each.preempts.clear();
    settings.classes = {classes, "normal"};
    const int n_quotas = 1 + below(3);
    for (int i = 0; i < n_quotas; ++i) {
      auto quota = any_quota();
      const bool is_new = std::ranges::none_of(settings.quotas, [&](const auto& other) {
        return other.user == quota.user && other.workspace == quota.workspace &&
               other.class_name == quota.class_name && other.pool == quota.pool;
      });
      if (is_new) settings.quotas.push_back(std::move(quota));
    }
    return settings;
  }

  policy::Options options() {
    return {.order = below(2) == 0 ? policy::Order::fcfs : policy::Order::sjf,
            .depth = static_cast<std::size_t>(below(3))};
  }
  scheduler::Policy any_policy() { return policy::make(options()); }

  void submit() {
    auto request = job();
    request.minutes(1 + below(120));
    if (below(3) == 0) {
      request.nodes(1 + below(2)).tasks_per_node(1 + below(2));
    } else {
      request.tasks(1 + below(4));
    }
    if (below(4) == 0) request.gpus_per_node(1);
    if (below(5) == 0) request.array("0-5");
    request.of_class(any_of({"", "low", "urgent"}));
    request.workspace(any_of({"", "x", "y"}));
    request.pool(any_of({"", "", "a", "b"}));
    const auto by = static_cast<std::uint32_t>(1 + below(3));
    if (const auto id = controller_.submit(*request, user(by)); !id)
      CHECK_FALSE(id.error().text.empty());
    tell_started();
  }

  std::vector<model::JobId> active() const {
    std::vector<model::JobId> jobs;
    for (const auto& [id, job] : controller_.engine().state().jobs) {
      if (scheduler::active_attempt(job) != nullptr) jobs.push_back(id);
    }
    return jobs;
  }

  void tell_started() {
    for (const auto id : active()) {
      const auto& job = controller_.engine().state().jobs.at(id);
      if (!std::holds_alternative<scheduler::Starting>(job.phase)) continue;
      const auto* attempt = scheduler::active_attempt(job);
      (void)controller_.give(
          scheduler::NodeSaysStarted{attempt->batch.node, {id, attempt->number, {}}});
    }
  }

  void end_one() {
    const auto jobs = active();
    if (jobs.empty()) return;
    const auto id = jobs[static_cast<std::size_t>(below(static_cast<unsigned>(jobs.size())))];
    const auto* attempt = scheduler::active_attempt(controller_.engine().state().jobs.at(id));
    (void)controller_.give(
        scheduler::NodeSaysEnded{attempt->batch.node, success({id, attempt->number, {}})});
    tell_started();
  }

  std::size_t n_waiting_for_quota() const {
    std::size_t n = 0;
    for (const auto& [kind, jobs] : controller_.engine().state().queue) {
      const auto reason = controller_.engine().reason_of(*jobs.begin());
      if (reason && std::holds_alternative<model::Quota>(*reason)) ++n;
    }
    return n;
  }

  static bool is_about(const std::string& who, const std::string& name) {
    return who.empty() || who == "*" || who == name;
  }

  /// As the manual has it, and unlike the index: every job is asked about every quota.
  void check_limits() const {
    const auto& state = controller_.engine().state();
    for (const auto& quota : settings_.quotas) {
      std::map<std::vector<std::string>, Held> sums;
      for (const auto id : active()) add(sums, quota, state.jobs.at(id));
      for (const auto& [whose, held] : sums) {
        for (const auto& [resource, limit] : quota.limits) {
          INFO(to_text(resource));
          REQUIRE(held.of(resource) <= limit);
        }
      }
    }
  }

  void add(std::map<std::vector<std::string>, Held>& sums, const scheduler::Quota& quota,
           const scheduler::Job& job) const {
    const auto class_name = settings_.classes.of(job.spec->class_name).name;
    if (!is_about(quota.user, job.user.name) || !is_about(quota.workspace, job.spec->workspace) ||
        !is_about(quota.class_name, class_name))
      return;
    std::set<std::vector<std::string>> counted;
    for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
      const auto& pool = controller_.engine().state().nodes.at(share.node).info.pool;
      if (!is_about(quota.pool, pool) || is_replaced(quota, job, class_name, pool)) continue;
      const std::vector<std::string> whose{
          quota.user == "*" ? job.user.name : "", quota.workspace == "*" ? job.spec->workspace : "",
          quota.class_name == "*" ? class_name : "", quota.pool == "*" ? pool : ""};
      auto& sum = sums[whose];
      sum.cores += share.cores.count();
      sum.gpus += share.gpus.count();
      sum.nodes += 1;
      if (counted.insert(whose).second) sum.jobs += 1;
    }
  }

  bool is_replaced(const scheduler::Quota& quota, const scheduler::Job& job,
                   const std::string& class_name, const std::string& pool) const {
    const auto has_name = [](const std::string& other, const std::string& who,
                             const std::string& name) {
      return other == who || (who == "*" && other == name);
    };
    return std::ranges::any_of(settings_.quotas, [&](const scheduler::Quota& other) {
      return &other != &quota && has_name(other.user, quota.user, job.user.name) &&
             has_name(other.workspace, quota.workspace, job.spec->workspace) &&
             has_name(other.class_name, quota.class_name, class_name) &&
             has_name(other.pool, quota.pool, pool);
    });
  }

  base::Random random_;
  scheduler::Settings settings_;
  Controller controller_;
  std::size_t n_waited_ = 0;
};

}  // namespace

TEST_CASE(
    "whatever is submitted, no quota is exceeded, and all that waits for one starts in the end") {
  std::size_t n_started = 0;
  std::size_t n_waited = 0;
  for (std::uint64_t seed = 1; seed <= n_clusters; ++seed) {
    CAPTURE(seed);
    RandomSite site(seed);
    for (int turn = 0; turn < n_turns; ++turn) site.turn();
    site.drain();
    n_started += site.n_started();
    n_waited += site.n_waited();
  }
  CHECK(n_started > 200);
  CHECK(n_waited > 20);
}

namespace {

constexpr int n_cores = 12;

/// Three workspaces that have all cores together; all lend and borrow. Guests run in class low.
class LendingSite {
 public:
  explicit LendingSite(std::uint64_t seed)
      : random_(seed), controller_(any_settings(), policy::make({})) {
    for (int i = 0; i < 3; ++i) controller_.join(node("n" + std::to_string(i), n_cores / 3));
  }

  void fill() {
    for (int i = 0; i < 10; ++i) {
      const auto known = controller_.facts().size();
      submit(below(3) > 0 ? "low" : "normal");
      for (const auto victim : victims_since(known)) end(victim);
      controller_.pass(std::chrono::minutes(below(30)));
      check();
    }
  }

  /// Returns whether borrowed cores were taken back for the job of an owner.
  bool reclaim() {
    const auto known = controller_.facts().size();
    const auto id = submit("normal");
    if (!id || controller_.state_of(*id) != JobState::waiting) return false;
    const auto before = used();
    const auto victims = victims_since(known, *id);
    if (victims.empty()) return false;
    check_need(*id, before, victims);
    for (const auto victim : victims) {
      REQUIRE(controller_.state_of(*id) == JobState::waiting);
      end(victim);
      check();
    }
    INFO(to_text(*id) << " " << controller_.reason_of(*id));
    REQUIRE(controller_.state_of(*id) == JobState::starting);
    REQUIRE(victims_since(known, *id) == victims);
    for (const auto other : victims_since(known)) {
      if (!victims.contains(other)) end(other);
    }
    return true;
  }

 private:
  int below(unsigned n) { return static_cast<int>(random_.below(n)); }

  scheduler::Settings any_settings() {
    auto classes = scheduler::built_in_classes();
    classes[1].preempts.clear();
    scheduler::Settings settings;
    settings.classes = {classes, "normal"};
    int left = n_cores;
    for (const std::string name : {"a", "b", "c"}) {
      const int own = name == "c" ? left : 1 + below(static_cast<unsigned>(left / 2));
      left -= own;
      own_[name] = own;
      settings.quotas.push_back({.workspace = name,
                                 .limits = {{QuotaResource::cores, own}},
                                 .lends = true,
                                 .borrows = true});
    }
    return settings;
  }

  std::optional<model::JobId> submit(const std::string& class_name) {
    const auto place = below(3);
    const std::string workspace(1, static_cast<char>('a' + place));
    const auto id = controller_.submit(
        *job().tasks(1 + below(4)).minutes(600).workspace(workspace).of_class(class_name));
    if (!id) return std::nullopt;
    if (controller_.state_of(*id) == JobState::starting) {
      const auto* attempt = scheduler::active_attempt(job_at(*id));
      (void)controller_.give(
          scheduler::NodeSaysStarted{attempt->batch.node, {*id, attempt->number, {}}});
    }
    return *id;
  }

  const scheduler::Job& job_at(model::JobId id) const {
    return controller_.engine().state().jobs.at(id);
  }
  static std::int64_t cores_of(const scheduler::Job& job) {
    return model::n_cores(scheduler::active_attempt(job)->allocation);
  }

  void end(model::JobId id) {
    const auto* attempt = scheduler::active_attempt(job_at(id));
    const model::LaunchKey key{id, attempt->number, {}};
    (void)controller_.give(
        scheduler::NodeSaysEnded{attempt->batch.node, failure(key, model::Cause::signal, 143)});
  }

  std::map<std::string, std::int64_t> used() const {
    std::map<std::string, std::int64_t> sums;
    for (const auto& [id, job] : controller_.engine().state().jobs) {
      if (scheduler::active_attempt(job) != nullptr) sums[job.spec->workspace] += cores_of(job);
    }
    return sums;
  }

  /// Owners and borrowers together never have more than all of them; what cannot be taken back is
  /// within each one's own.
  void check() const {
    std::int64_t all = 0;
    std::int64_t quota = 0;
    std::map<std::string, std::int64_t> fixed;
    for (const auto& [workspace, cores] : used()) all += cores;
    for (const auto& [workspace, own] : own_) quota += own;
    for (const auto& [id, job] : controller_.engine().state().jobs) {
      if (scheduler::active_attempt(job) != nullptr && job.spec->class_name != "low")
        fixed[job.spec->workspace] += cores_of(job);
    }
    REQUIRE(all <= quota);
    for (const auto& [workspace, cores] : fixed) REQUIRE(cores <= own_.at(workspace));
  }

  /// Those that are ended for one job, or for any.
  std::set<model::JobId> victims_since(std::size_t known,
                                       std::optional<model::JobId> by = {}) const {
    std::set<model::JobId> jobs;
    for (auto i = known; i < controller_.facts().size(); ++i) {
      const auto* found = std::get_if<model::AttemptPreempted>(&controller_.facts()[i].body);
      if (found != nullptr && (!by || found->by == *by)) jobs.insert(found->job);
    }
    return jobs;
  }

  /// The job is within its own; each victim's workspace borrows still when the others are gone but
  /// its largest one, and only jobs of class low are ended.
  void check_need(model::JobId id, std::map<std::string, std::int64_t> before,
                  const std::set<model::JobId>& victims) const {
    const auto& job = job_at(id);
    REQUIRE(before[job.spec->workspace] + job.layout.tasks <= own_.at(job.spec->workspace));
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> ended;  // in all, largest
    for (const auto victim : victims) {
      const auto& its = job_at(victim);
      REQUIRE(its.spec->class_name == "low");
      auto& [sum, largest] = ended[its.spec->workspace];
      sum += cores_of(its);
      largest = std::max(largest, cores_of(its));
    }
    for (const auto& [workspace, cores] : ended)
      REQUIRE(before[workspace] - (cores.first - cores.second) > own_.at(workspace));
  }

  base::Random random_;
  std::map<std::string, std::int64_t> own_;
  Controller controller_;
};

}  // namespace

TEST_CASE(
    "an owner is given back what was borrowed, no more, and starts when the last one is gone") {
  int n_reclaims = 0;
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    LendingSite site(seed);
    site.fill();
    for (int i = 0; i < 5; ++i) {
      if (site.reclaim()) ++n_reclaims;
    }
  }
  CHECK(n_reclaims > 4);
}
