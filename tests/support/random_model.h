#pragma once
// Random values of the model that keep its rules: for round trips, simulation and fuzz corpora. The
// same seed gives the same values. Text has any bytes, for nothing promises UTF-8.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/base/random.h"
#include "lib/model/agent_message.h"
#include "lib/model/fact.h"
#include "lib/model/head_message.h"
#include "lib/model/launch.h"
#include "lib/model/record.h"

namespace support {

class RandomModel {
 public:
  /// With `utf8`, text has only characters that JSON gives back.
  explicit RandomModel(std::uint64_t seed, bool utf8 = false) : random_(seed), utf8_(utf8) {}

  base::Random& random() { return random_; }
  bool coin() { return random_.chance(50); }
  int upto(int most) { return static_cast<int>(random_.below(static_cast<unsigned>(most) + 1)); }
  std::uint32_t number() { return static_cast<std::uint32_t>(random_.below(1'000'000)) + 1; }

  template <class Make>
  auto maybe(Make make) {
    using Value = decltype(make());
    return coin() ? std::optional<Value>(make()) : std::nullopt;
  }

  template <class Make>
  auto several(int most, Make make) {
    std::vector<decltype(make())> values;
    for (int n = upto(most); n > 0; --n) values.push_back(make());
    return values;
  }

  template <class... Make>
  auto one_of(Make... make) {
    using Value = std::common_type_t<decltype(make())...>;
    const auto choice = random_.below(sizeof...(make));
    std::optional<Value> value;
    std::size_t i = 0;
    (void)((i++ == choice ? (value.emplace(make()), true) : false) || ...);
    return *std::move(value);
  }

  /// No NUL, which no argument or variable can have.
  std::string text(int most = 12) {
    std::string made;
    for (int n = upto(most); n > 0; --n) {
      if (utf8_ && random_.chance(10)) {
        made += "\xc3\xa4\xe2\x82\xac";
      } else {
        made += static_cast<char>(1 + upto(utf8_ ? 0x7e : 0xfe));
      }
    }
    return made;
  }
  std::string name() { return "n" + std::to_string(number()) + text(4); }
  base::Bytes bytes() { return base::Bytes(random_.next() >> upto(63)); }
  base::Duration duration() {
    return base::Duration(static_cast<std::int64_t>(random_.below(1) + (random_.next() >> 12)));
  }
  base::Time time() {
    return base::time_from_us(static_cast<std::int64_t>(random_.below(253'402'300'799'000'000)));
  }
  model::IndexSet indices() {
    model::IndexSet set;
    for (int n = upto(6); n > 0; --n) set.add(upto(200));
    return set;
  }
  std::vector<int> tasks(std::size_t nodes) {
    std::vector<int> counts(nodes);
    for (auto& count : counts) count = upto(9);
    return counts;
  }

  model::StepShare step_share() { return {indices(), indices()}; }
  std::vector<model::StepShare> step_shares(std::size_t nodes) {
    std::vector<model::StepShare> shares(nodes);
    for (auto& share : shares) share = step_share();
    return shares;
  }

  model::JobId job() { return model::JobId(number()); }
  model::NodeId node() { return model::NodeId(number()); }
  model::StepId step() { return model::StepId(number() - 1); }
  model::LaunchKey key() {
    const auto id = job();
    const auto attempt = number();
    const auto of_step = maybe([&] { return step(); });
    return {id, attempt, of_step, !of_step && coin()};
  }
  model::User user() {
    const auto uid = number();
    return {uid, uid + 1, text()};
  }

  model::Shape shape() {
    model::Shape made;
    made.nodes = maybe([&] { return upto(9); });
    made.tasks = maybe([&] { return upto(99); });
    made.tasks_per_node = maybe([&] { return upto(99); });
    made.cpus_per_task = upto(64);
    made.gpus_per_node = upto(8);
    made.gpus_per_task = upto(8);
    made.memory_per_node = maybe([&] { return bytes(); });
    made.memory_per_cpu = maybe([&] { return bytes(); });
    made.most_nodes = maybe([&] { return upto(9); });
    made.whole_nodes = coin();
    return made;
  }
  /// In order, each once.
  std::vector<std::string> plain_names() {
    std::set<std::string> names;
    for (int n = upto(4); n > 0; --n) names.insert("n" + std::to_string(upto(20)));
    return {names.begin(), names.end()};
  }
  model::NodeChoice choice();
  model::Licenses licenses();
  model::Environment environment() {
    model::Environment made;
    for (int n = upto(8); n > 0; --n) made["V" + std::to_string(number())] = text(40);
    return made;
  }
  model::JobSpec job_spec() {
    model::JobSpec made;
    made.name = text();
    made.pool = text();
    made.comment = text();
    made.token = text();
    made.shape = shape();
    made.time_limit = maybe([&] { return duration(); });
    made.priority = upto(2000) - 1000;
    made.hold = coin();
    made.workspace = text();
    made.class_name = text();
    made.requeue = coin();
    made.restart = maybe([&] { return restart_policy(); });
    made.hang_timeout = maybe([&] { return hang_limit(); });
    made.max_evictions = maybe([&] { return 1 + upto(9); });
    made.grow_after = maybe([&] { return duration(); });
    made.save_signal = maybe([&] { return model::SaveSignal{1 + upto(7), duration(), coin()}; });
    made.script = coin() ? "#!/bin/sh\n" + text(200) : "";
    made.script_name = text();
    made.arguments = several(5, [&] { return text(); });
    made.environment = environment();
    made.work_dir = "/" + text();
    made.output = "/" + text();
    made.error = text();
    made.begin = maybe([&] { return time(); });
    made.deadline = maybe([&] { return time(); });
    made.dependency = dependency();
    made.array = maybe([&] { return array(); });
    made.preparation = preparation();
    if (coin()) made.choice = choice();
    made.licenses = licenses();
    made.roles = roles();
    made.append_output = coin();
    made.dialect = one_of([] { return model::Dialect::native; },
                          [] { return model::Dialect::slurm; }, [] { return model::Dialect::pbs; });
    return made;
  }
  model::RestartPolicy restart_policy();
  model::HangLimit hang_limit();
  model::JobChange job_change();
  model::FactBody pool_fact();
  model::Tier tier() { return coin() ? model::Tier::dedicated : model::Tier::low_priority; }
  model::Tiers tiers() {
    return one_of([] { return model::Tiers(); }, [&] { return model::Tiers{tier()}; },
                  [] { return model::Tiers{model::Tier::low_priority, model::Tier::dedicated}; });
  }
  model::Array array() {
    model::Array made;
    made.tasks = indices();
    made.tasks.add(upto(4'000'000));
    made.most_running = maybe([&] { return 1 + upto(9); });
    return made;
  }
  model::ArrayTask array_task() {
    const auto id = job();
    return {id, upto(999)};
  }
  model::ArrayTally tally() {
    model::ArrayTally made;
    made.pending = indices();
    made.completed = indices();
    for (int n = upto(3); n > 0; --n) made.ended[ending()] = 1 + upto(99);
    return made;
  }
  model::DependencyTerm term() {
    using enum model::DependencyKind;
    model::DependencyTerm made{
        .kind = static_cast<model::DependencyKind>(upto(static_cast<int>(singleton)))};
    if (made.kind != singleton) made.job = job();
    const bool names_task = made.kind != singleton && coin();
    if (names_task) made.task = upto(9);
    if (made.kind == after) made.delay = std::chrono::minutes(upto(9));
    return made;
  }
  model::Dependency dependency() {
    model::Dependency made;
    made.terms = several(4, [&] { return term(); });
    const bool has_pairs = std::ranges::any_of(
        made.terms, [](const auto& one) { return one.kind == model::DependencyKind::aftercorr; });
    made.is_any = made.terms.size() > 1 && !has_pairs && coin();
    return made;
  }
  model::PastJob past_job() {
    const auto id = job();
    return {id, ending(), time(), indices(), indices()};
  }
  model::Ending ending() {
    return static_cast<model::Ending>(upto(static_cast<int>(model::Ending::preempted)));
  }
  model::Binding binding();
  model::Roles roles();
  model::StepSpec step_spec();

  model::NodeShare share() {
    model::NodeShare made{.node = node()};
    made.name = name();
    made.tasks = upto(9);
    made.cores = indices();
    made.gpus = indices();
    made.memory = bytes();
    return made;
  }
  model::Allocation allocation() {
    model::Allocation made;
    made.nodes = several(3, [&] { return share(); });
    made.nodes.push_back(share());
    return made;
  }
  model::Topology topology();
  model::NodeInfo node_info();

  model::Failure failure() {
    model::Failure made;
    made.cause = static_cast<model::Cause>(upto(static_cast<int>(model::Cause::requeued_held)));
    made.code = upto(255);
    made.step = maybe([&] { return step(); });
    made.rank = maybe([&] { return upto(999); });
    made.node = text();
    made.text = text(40);
    return made;
  }
  std::optional<model::GpuUse> gpu_use() {
    return maybe([&] { return model::GpuUse{duration(), duration(), bytes()}; });
  }
  model::Usage usage() { return {duration(), bytes(), bytes(), gpu_use()}; }
  model::RankUsage rank_usage() { return {upto(999), duration(), bytes(), gpu_use()}; }
  model::LaunchReport report();
  model::Outcome outcome() {
    return {ending(), upto(255), maybe([&] { return failure(); })};
  }

  model::FromAgent from_agent();
  model::ToAgent to_agent();
  model::HeadMessage head_message();
  model::FactBody fact_body();
  model::Fact fact() { return {time(), fact_body()}; }
  model::Quota quota();
  model::Reason reason();
  std::optional<model::LastChange> last_change() {
    return maybe([&] {
      const auto at = time();
      return model::LastChange{at, text()};
    });
  }
  model::LaunchOrder order();
  model::Preparation preparation();
  std::vector<model::NodePreparation> prepared();
  model::FactBody launch_fact();
  model::JobRecord job_record();
  model::NodeRecord node_record();

 private:
  base::Random random_;
  bool utf8_;
};

}  // namespace support
