#include "cli/render/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/render/table.h"
#include "cli/render/usage.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "lib/model/index_set.h"
#include "lib/wire/api.h"

namespace render {

namespace {

constexpr std::size_t widest_tasks = 24;

/// "17", "17_4", "17_[5-99%10]".
std::string id_of(const model::JobRecord& job) {
  if (job.task) return to_text(*job.task);
  const bool has_pending = job.tally && !job.tally->pending.empty();
  if (!has_pending) return to_text(job.job);
  const auto limit =
      job.array && job.array->most_running ? fmt::format("%{}", *job.array->most_running) : "";
  return fmt::format("{}_[{}{}]", to_text(job.job),
                     cut(model::ranges_text(job.tally->pending), widest_tasks), limit);
}

/// "5 pending, 2 running, 3 completed".
std::string tasks_text(const model::JobRecord& job) {
  std::vector<std::string> parts;
  const auto add = [&parts](int n, std::string_view what) {
    if (n > 0) parts.push_back(fmt::format("{} {}", n, what));
  };
  add(job.tally->pending.count(), "pending");
  add(job.n_running, "running");
  for (const auto& [ending, count] : job.tally->ended) add(count, model::to_text(ending));
  return base::join(parts, ", ");
}

std::string nodes_of(const model::JobRecord& job) {
  return model::compress_hosts(model::node_names(job.allocation));
}

std::string run_time(const model::JobRecord& job, base::Time now) {
  if (!job.started_at) return "-";
  const auto end = job.ended_at.value_or(now);
  return base::to_clock_text(std::max(base::Duration::zero(), end - *job.started_at));
}

bool has_nodes_now(model::JobState state) {
  return state == model::JobState::starting || state == model::JobState::running ||
         state == model::JobState::ending;
}

std::string where_or_why(const model::JobRecord& job) {
  if (!has_nodes_now(job.state)) return wire::summary_of(job);
  return nodes_of(job) + (job.gpus_idle_since ? ", GPUs idle" : "");
}

std::string number_of_nodes(const model::JobRecord& job) {
  if (!job.allocation.nodes.empty()) return fmt::format("{}", job.allocation.nodes.size());
  return job.layout.nodes ? fmt::format("{}", *job.layout.nodes) : "-";
}

std::string command_of(const model::JobRecord& job) {
  std::string text = job.script_name;
  for (const auto& argument : job.arguments) text += (text.empty() ? "" : " ") + argument;
  return text;
}

/// Lines "name   value"; empty values are left out.
class Block {
 public:
  void add(std::string_view name, std::string value) {
    if (!value.empty()) lines_ += fmt::format("{:<11} {}\n", name, base::printable(value, 4000));
  }
  std::string take() { return std::move(lines_); }

 private:
  std::string lines_;
};

std::string licenses_text(const model::Licenses& licenses) {
  std::vector<std::string> parts;
  for (const auto& [name, n] : licenses) parts.push_back(fmt::format("{}:{}", name, n));
  return base::join(parts, ",");
}

/// What an attempt that was ended from outside cost: "; lost 12s, 24 core-seconds".
std::string loss_text(const model::AttemptRecord& attempt) {
  const auto cause = attempt.why.cause;
  const bool is_from_outside = cause == model::Cause::evicted || cause == model::Cause::preempted ||
                               cause == model::Cause::node_lost;
  if (!is_from_outside) return "";
  const auto lost = std::chrono::round<std::chrono::seconds>(model::lost_time(attempt));
  return fmt::format("; lost {}{}, {} core-seconds", base::to_text(base::Duration(lost)),
                     attempt.checkpoint_at ? " since its checkpoint" : "",
                     lost.count() * attempt.cores);
}

/// "128M for each node, after attempt 1 ran out of memory with 64M on a node"; "" where it did not.
std::string more_memory(const model::JobRecord& job) {
  const bool is_grown = job.restart && job.restart->memory && !job.earlier.empty() &&
                        job.earlier.back().why.cause == model::Cause::out_of_memory;
  if (!is_grown) return "";
  const auto& last = job.earlier.back();
  const bool is_per_node = job.layout.memory_per_node > base::Bytes();
  const auto asked = is_per_node ? job.layout.memory_per_node : job.layout.memory_per_cpu;
  return fmt::format("{} for each {}, after attempt {} ran out of memory with {} on a node",
                     base::to_text(asked), is_per_node ? "node" : "core", last.attempt,
                     base::to_text(last.memory));
}

/// "/images/debian (bubblewrap, /dev/shm 2G)"; "" where there is none.
std::string image_text(const model::Image& image) {
  std::vector<std::string> words;
  if (image.runtime != model::ContainerRuntime::automatic)
    words.emplace_back(to_text(image.runtime));
  if (image.shm > base::Bytes()) words.push_back("/dev/shm " + base::to_text(image.shm));
  return words.empty() ? image.reference
                       : fmt::format("{} ({})", image.reference, base::join(words, ", "));
}

void add_request(Block& block, const model::JobRecord& job) {
  block.add("request", request_text(job.layout));
  block.add("pool", job.pool);
  block.add("constraint", to_text(job.choice.constraint));
  block.add("GPU kind", job.choice.gpu_kind);
  block.add("only on", model::compress_hosts(job.choice.only));
  block.add("never on", model::compress_hosts(job.choice.never));
  block.add("booking", job.choice.booking);
  if (!job.choice.tiers.empty()) block.add("tier", to_text(job.choice.tiers));
  if (job.max_evictions) block.add("most evictions", fmt::format("{}", *job.max_evictions));
  block.add("licenses", licenses_text(job.licenses));
  block.add("time limit", job.time_limit ? base::to_clock_text(*job.time_limit) : "none");
  block.add("class", job.class_name);
  block.add("workspace", job.workspace);
  block.add("dependency", to_text(job.dependency));
  if (job.restart) block.add("restart", to_text(*job.restart));
  if (job.hang_timeout) block.add("hang after", to_text(*job.hang_timeout));
  if (job.grow_after) block.add("grow after", base::to_text(*job.grow_after));
  block.add("prepare", job.preparation.command);
  block.add("epilog", job.preparation.epilog);
  if (job.preparation.job_tmp_limit > base::Bytes())
    block.add("job tmp limit", base::to_text(job.preparation.job_tmp_limit));
  block.add("image", image_text(job.preparation.image));
  for (const auto& mount : job.preparation.mounts) block.add("mount", to_text(mount));
  block.add("more memory", more_memory(job));
  block.add("avoids", model::compress_hosts(job.avoids));
  if (job.priority != 0) block.add("priority", fmt::format("{}", job.priority));
}

void add_nodes(Block& block, const model::JobRecord& job) {
  for (const auto& share : job.allocation.nodes) {
    auto text = fmt::format("{}: {}, cores {}", share.name, base::plural(share.tasks, "task"),
                            to_text(share.cores));
    if (!share.gpus.empty()) text += ", GPUs " + to_text(share.gpus);
    if (share.memory > base::Bytes()) text += ", " + base::to_text(share.memory);
    block.add("node", std::move(text));
  }
}

/// "; GPUs busy 63% of the time, least those of rank 3: 12%"; "" where nobody could tell.
std::string idle_gpus(const model::StepRecord& step) {
  if (!step.usage.gpu) return "";
  auto text = fmt::format("; GPUs busy {} of the time", busy_text(*step.usage.gpu));
  const model::RankUsage* least = nullptr;
  int n_ranks = 0;
  for (const auto& rank : step.ranks) {
    if (!rank.gpu) continue;
    ++n_ranks;
    if (least == nullptr || busy_part(*rank.gpu) < busy_part(*least->gpu)) least = &rank;
  }
  if (n_ranks > 1)
    text += fmt::format(", least those of rank {}: {}", least->rank, busy_text(*least->gpu));
  return text;
}

/// "; rank 3 used most memory, 1.2G, and rank 0 most CPU time, 4m"; "" while no rank has ended.
std::string used_by(const model::StepRecord& step) {
  if (step.ranks.empty()) return "";
  const auto& of_memory = *std::ranges::max_element(step.ranks, {}, &model::RankUsage::memory_peak);
  const auto& of_time = *std::ranges::max_element(step.ranks, {}, &model::RankUsage::cpu);
  const auto memory = base::to_text(of_memory.memory_peak);
  const auto time = base::to_text(of_time.cpu);
  const auto gpus = idle_gpus(step);
  if (of_memory.rank == of_time.rank) {
    return fmt::format("; rank {} used most: {} of memory and {} of CPU time{}", of_memory.rank,
                       memory, time, gpus);
  }
  return fmt::format("; rank {} used most memory, {}, and rank {} most CPU time, {}{}",
                     of_memory.rank, memory, of_time.rank, time, gpus);
}

/// "4m of CPU time; at most 2.5G of memory charged on one node; 1.2G resident of one process,
/// shared pages included": --mem limits the first.
std::string used_text(const model::Usage& usage) {
  const auto largest = base::to_text(usage.memory_peak);
  const auto memory = usage.total_peak == base::Bytes()
                          ? fmt::format("{} resident of one process", largest)
                          : fmt::format(
                                "{} of memory charged on one node; {} resident of one "
                                "process, shared pages included",
                                base::to_text(usage.total_peak), largest);
  auto text = fmt::format("{} of CPU time; at most {}", base::to_text(usage.cpu), memory);
  if (usage.gpu) {
    text += fmt::format("; GPUs busy {} of the time, at most {} of memory in use on one",
                        busy_text(*usage.gpu), base::to_text(usage.gpu->memory_peak));
  }
  return text;
}

/// All nodes of its last attempt are, or need not be.
bool is_prepared(const model::JobRecord& job) {
  return std::ranges::all_of(job.prepared, &model::NodePreparation::is_prepared);
}

void add_preparation(Block& block, const model::JobRecord& job) {
  const bool is_over = model::is_final(job.state);
  for (const auto& node : job.prepared) {
    if (node.failure) {
      block.add("preparation", model::describe(*node.failure));
    } else if (!node.is_prepared && !is_over) {
      block.add("preparation", node.node + " is being prepared");
    }
  }
}

void add_steps(Block& block, const model::JobRecord& job) {
  for (const auto& step : job.steps) {
    int tasks = 0;
    for (const auto n : step.tasks) tasks += n;
    std::string state = "running";
    if (step.ended_at) {
      state = step.failure ? model::describe(*step.failure)
                           : fmt::format("ended with exit code {}", step.exit_code);
    }
    block.add("step",
              fmt::format("{}: {}, {}: {}{}", to_text(step.step), base::plural(tasks, "task"),
                          cut(step.command, 40), state, used_by(step)));
  }
}

void add_times(Block& block, const model::JobRecord& job, const View& view) {
  block.add("submitted", view.time(job.submitted_at));
  if (job.changed)
    block.add("changed", fmt::format("{} by {}", view.time(job.changed->at), job.changed->by));
  if (job.begin) block.add("begin", view.time(*job.begin));
  if (job.deadline) block.add("deadline", view.time(*job.deadline));
  if (job.started_at) block.add("started", view.time(*job.started_at));
  if (job.ended_at) block.add("ended", view.time(*job.ended_at));
  if (job.started_at) block.add("run time", run_time(job, view.now));
  if (!model::is_final(job.state) || job.usage == model::Usage{}) return;
  block.add("used", used_text(job.usage));
  block.add("efficiency", efficiency_text(job));
  block.add("hint", request_hint(job));
}

std::string used_of(std::string_view used, std::string_view all) {
  return fmt::format("{}/{}", used, all);
}

/// What to look at after a failure.
std::string hints(const model::JobRecord& job) {
  std::string text;
  if (job.outcome && job.outcome->failure && job.outcome->failure->rank) {
    text += fmt::format("Its output: muster logs {} --rank {}\n", to_text(job.job),
                        *job.outcome->failure->rank);
  }
  if (!is_prepared(job)) {
    text += fmt::format("Output of its preparation: muster logs {} --prepare\n", to_text(job.job));
  }
  if (job.attempt > 0 && is_prepared(job))
    text += fmt::format("All output: muster logs {}\n", to_text(job.job));
  return text;
}

std::string waiting_details(const model::JobRecord& job, const View& view) {
  std::string text = "It needs " + request_text(job.layout) + ".\n";
  if (job.expected_start) {
    text += fmt::format("Expected start: {}, if what runs now takes all of its time limits.\n",
                        view.time(*job.expected_start));
  }
  if (const auto* held = std::get_if<model::Held>(&*job.reason)) {
    return text + fmt::format("Held by {}{}{}; to let it start: muster release {}\n", held->by,
                              held->why.empty() ? "" : ": ", held->why, to_text(job.job));
  }
  if (const auto* first = std::get_if<model::Behind>(&*job.reason)) {
    return text + fmt::format("Why that one waits: muster why {}\n", to_text(first->job));
  }
  if (const auto* after = std::get_if<model::DependsOn>(&*job.reason)) {
    for (const auto& open : after->terms)
      text += fmt::format("About job {}: muster why {}\n", to_text(open.job), to_text(open.job));
    return text;
  }
  if (const auto* delayed = std::get_if<model::WouldDelay>(&*job.reason)) {
    return text + fmt::format(
                      "A time limit that ends before then would let it start now: -t\n"
                      "About the other one: muster why {}\n",
                      to_text(delayed->job));
  }
  if (const auto* limit = std::get_if<model::Quota>(&*job.reason)) {
    if (!limit->holders.empty())
      text += fmt::format("Who holds it: muster show {}\n", to_text(limit->holders.front()));
    return text + "All limits that apply: muster quota\n";
  }
  if (const auto* short_of = std::get_if<model::ShortOfResources>(&*job.reason)) {
    if (!short_of->holders.empty()) {
      text += fmt::format("Who holds it: muster show {}\n", to_text(short_of->holders.front()));
    }
  }
  return text;
}

}  // namespace

std::string request_text(const model::Layout& layout) {
  auto text = base::plural(layout.tasks, "task");
  text += " with " + base::plural(layout.cpus_per_task, "core");
  if (layout.gpus_per_task > 0) text += " and " + base::plural(layout.gpus_per_task, "GPU");
  if (layout.tasks > 1) text += " each";
  if (layout.nodes && layout.most_nodes > 0) {
    text += fmt::format(" on {} to {}", *layout.nodes, base::plural(layout.most_nodes, "node"));
    if (layout.tasks_per_further > 0)
      text += fmt::format(" ({} more on each further one)", layout.tasks_per_further);
  } else if (layout.nodes) {
    text += " on " + base::plural(*layout.nodes, "node");
  }
  if (layout.whole_nodes) text += ", which it shares with nobody";
  if (layout.most_tasks_per_node) {
    text +=
        fmt::format(", at most {} on a node", base::plural(*layout.most_tasks_per_node, "task"));
  }
  if (layout.gpus_per_node > 0) {
    text += fmt::format(", {} per node", base::plural(layout.gpus_per_node, "GPU"));
  }
  if (layout.memory_per_node > base::Bytes()) {
    text += fmt::format(", {} of memory per node", base::to_text(layout.memory_per_node));
  }
  if (layout.memory_per_cpu > base::Bytes()) {
    text += fmt::format(", {} of memory per core", base::to_text(layout.memory_per_cpu));
  }
  return text;
}

std::string job_table(std::span<const model::JobRecord> jobs, const View& view) {
  const std::vector<Column> columns{{"ID", true}, {"NAME", false, 16}, {"USER", false, 10},
                                    {"STATE"},    {"NODES", true},     {"TIME", true},
                                    {"REASON"}};
  std::vector<Cells> rows;
  for (const auto& job : jobs) {
    const bool is_only_tasks = job.tally && job.state == model::JobState::running;
    if (is_only_tasks) continue;
    rows.push_back({id_of(job), job.name, job.user.name, std::string(model::to_text(job.state)),
                    number_of_nodes(job), run_time(job, view.now), where_or_why(job)});
  }
  return table(columns, rows, view.width);
}

std::string job_block(const model::JobRecord& job, const View& view) {
  Block block;
  block.add("job", to_text(job.job));
  if (job.task) block.add("task", to_text(*job.task));
  if (job.array) block.add("array", to_text(*job.array));
  if (job.tally) block.add("tasks", tasks_text(job));
  block.add("name", job.name);
  block.add("user", fmt::format("{} ({})", job.user.name, job.user.uid));
  block.add("state", std::string(model::to_text(job.state)));
  block.add("summary", wire::summary_of(job));
  if (job.outcome) block.add("exit code", fmt::format("{}", job.outcome->exit_code));
  add_request(block, job);
  block.add("attempt", job.attempt > 0 ? fmt::format("{}", job.attempt) : "");
  block.add("nodes", nodes_of(job));
  add_nodes(block, job);
  add_times(block, job, view);
  block.add("command", command_of(job));
  block.add("directory", job.work_dir);
  block.add("output", job.output);
  block.add("error", job.error);
  block.add("comment", job.comment);
  add_preparation(block, job);
  add_steps(block, job);
  for (const auto& earlier : job.earlier) {
    block.add("earlier", fmt::format("attempt {} on {}: {}{}", earlier.attempt, earlier.nodes,
                                     model::describe(earlier.why), loss_text(earlier)));
  }
  const auto n_evictions = std::ranges::count_if(
      job.earlier, [](const auto& earlier) { return earlier.why.cause == model::Cause::evicted; });
  if (n_evictions > 0) block.add("evictions", fmt::format("{}", n_evictions));
  return block.take();
}

std::string why(const model::JobRecord& job, const View& view) {
  auto text = fmt::format("Job {} ({}) ", job.task ? to_text(*job.task) : to_text(job.job),
                          base::printable(job.name));
  if (job.state == model::JobState::waiting) {
    text += "waits: " + wire::summary_of(job) + ".\n";
    if (!job.avoids.empty())
      text += "It keeps away from " + model::compress_hosts(job.avoids) + ", where it failed.\n";
    if (const auto more = more_memory(job); !more.empty()) text += "It asks for " + more + ".\n";
    return job.reason ? text + waiting_details(job, view) : text;
  }
  if (job.state == model::JobState::starting && !is_prepared(job)) {
    return text + fmt::format("is {}.\nOutput of its preparation: muster logs -f {} --prepare\n",
                              wire::summary_of(job), to_text(job.job));
  }
  if (has_nodes_now(job.state)) {
    text += fmt::format("is {} on {}", model::to_text(job.state), nodes_of(job));
    if (job.started_at && !job.ending) text += " since " + view.time(*job.started_at);
    if (job.gpus_idle_since)
      text += "; its GPUs have done nothing since " + view.time(*job.gpus_idle_since);
    if (job.ending) text += ": " + model::describe(*job.ending);
    return text + ".\n" + fmt::format("Its output: muster logs -f {}\n", to_text(job.job));
  }
  text += fmt::format("ended as {}: {}.\n", model::to_text(job.state), wire::summary_of(job));
  return job.state == model::JobState::completed ? text : text + hints(job);
}

std::string advice(const model::Advice& advice, const View& view) {
  if (advice.starts_now) return "It would start now.\n";
  const auto limit = advice.quota ? fmt::format("In its way: {}.\n", describe(*advice.quota)) : "";
  if (!advice.start) return "It would wait; nobody can tell how long.\n" + limit + changes(advice);
  std::vector<std::string> victims;
  for (const auto victim : advice.victims) victims.push_back(to_text(victim));
  const auto why = victims.empty()
                       ? std::string("by the time limits of what comes first")
                       : "when these have made room for it: " + base::join(victims, ", ");
  return fmt::format("It would start by {}, {}.\n{}{}", view.time(*advice.start), why, limit,
                     changes(advice));
}

std::string changes(const model::Advice& advice) {
  std::vector<std::string> options;
  for (const auto& change : advice.changes) options.push_back(change.option + "=" + change.value);
  return options.empty() ? "" : "It could start now with " + base::join(options, ", or ") + ".\n";
}

std::string booking_table(std::span<const model::BookingRecord> bookings, const View& view) {
  const std::vector<Column> columns{{"NAME"},  {"STATE"}, {"FROM"}, {"UNTIL"},
                                    {"NODES"}, {"FOR"},   {"BY"},   {"COMMENT"}};
  std::vector<Cells> rows;
  for (const auto& booking : bookings) {
    auto who = booking.users;
    for (const auto& workspace : booking.workspaces) who.push_back("@" + workspace);
    rows.push_back({booking.name, booking.has_begun ? "begun" : "ahead", view.time(booking.start),
                    view.time(booking.end), model::compress_hosts(booking.nodes),
                    booking.is_maintenance ? "maintenance" : base::join(who, ","), booking.by,
                    booking.comment});
  }
  return table(columns, rows, view.width);
}

std::string feature_table(std::span<const model::NodeRecord> nodes, const View& view) {
  const std::vector<Column> columns{{"NAME"},     {"FEATURES"}, {"GPUS"},
                                    {"SWITCHES"}, {"BOOKINGS"}, {"CONTAINMENT"}};
  std::vector<Cells> rows;
  for (const auto& node : nodes) {
    const auto& gpus = node.info.topology.gpus;
    rows.push_back({node.info.name, base::join(node.info.features, ","),
                    gpus.empty() ? "" : fmt::format("{} x {}", gpus.size(), gpus.front().kind),
                    base::join(node.info.switches, "/"), base::join(node.bookings, ","),
                    node.info.containment});
  }
  return table(columns, rows, view.width);
}

namespace {

/// Why the node takes no work, or when it ends; a line each.
std::string closed_text(const model::NodeRecord& node, const View& view) {
  std::string text;
  if (node.condition) text += model::describe(node.info.name, *node.condition) + "\n";
  if (node.eviction) {
    text += fmt::format("{} is evicted until {}: {}\n", node.info.name,
                        view.time(node.eviction->until), base::printable(node.eviction->cause));
  }
  if (node.drain) {
    text += fmt::format(
        "{} is drained by {} since {}{}{}\n", node.info.name, node.drain->by,
        view.time(node.drain->since),
        node.drain->until ? " until " + view.time(*node.drain->until) : "",
        node.drain->reason.empty() ? "" : ": " + base::printable(node.drain->reason, 200));
  }
  for (const auto& process : node.undying) {
    text += fmt::format("{}: {} since {}\n", node.info.name, model::describe(process),
                        view.time(process.since));
  }
  for (const auto& failing : node.failing) {
    text += fmt::format("{}: {} (since {})\n", node.info.name, model::describe(failing),
                        view.time(failing.since));
  }
  if (node.info.ends_at)
    text += fmt::format("{} ends at {}\n", node.info.name, view.time(*node.info.ends_at));
  return text;
}

}  // namespace

std::string node_table(std::span<const model::NodeRecord> nodes, const View& view) {
  const std::vector<Column> columns{{"NAME"},       {"POOL", false, 12}, {"STATE"}, {"CORES", true},
                                    {"GPUS", true}, {"MEMORY", true},    {"JOBS"}};
  std::vector<Cells> rows;
  std::string details;
  for (const auto& node : nodes) {
    std::vector<std::string> jobs;
    for (const auto job : node.jobs) jobs.push_back(to_text(job));
    const auto& topology = node.info.topology;
    rows.push_back(
        {node.info.name, node.info.pool,
         std::string(model::to_text(node.state)) +
             (node.info.tier == model::Tier::low_priority ? ", low-priority" : ""),
         used_of(fmt::to_string(node.cores_used.count()), fmt::to_string(topology.cores.size())),
         used_of(fmt::to_string(node.gpus_used.count()), fmt::to_string(topology.gpus.size())),
         used_of(base::to_text(node.memory_used), base::to_text(topology.memory)),
         base::join(jobs, " ")});
    details += closed_text(node, view);
  }
  return table(columns, rows, view.width) + details;
}

std::string quota_table(std::span<const model::QuotaUse> quotas, const View& view) {
  if (quotas.empty()) return "No quota applies.\n";
  const std::vector<Column> columns{{"QUOTA OF"},      {"WHAT"},         {"USED", true},
                                    {"LIMIT", true},   {"PERIOD", true}, {"LENT", true},
                                    {"BORROWED", true}};
  std::vector<Cells> rows;
  for (const auto& use : quotas) {
    const auto if_any = [](std::int64_t amount) {
      return amount == 0 ? std::string() : fmt::format("{}", amount);
    };
    rows.push_back({use.whose, std::string(to_text(use.resource)), fmt::format("{}", use.used),
                    fmt::format("{}", use.limit),
                    use.period == base::Duration() ? "" : base::to_text(use.period),
                    if_any(use.lent), if_any(use.borrowed)});
  }
  return table(columns, rows, view.width);
}

}  // namespace render
