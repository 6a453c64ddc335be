#include "scheduler/daemon/fact_log.h"

#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace musterd {

namespace {

std::string nodes_of(const model::Allocation& allocation) {
  return model::compress_hosts(model::node_names(allocation));
}

std::string why(const std::optional<model::Failure>& failure) {
  return failure ? describe(*failure) : "";
}

/// One line with the kind as its event.
struct Line {
  const loop::Log& log;
  model::Seq seq;
  const NameOf& name_of;

  void operator()(const model::NumbersGiven& fact) const {
    log.info("numbers_given", {{"seq", seq},
                               {"next_job", fact.next_job.number()},
                               {"next_node", fact.next_node.number()}});
  }
  void operator()(const model::NodeJoined& fact) const {
    log.info("node_joined", {{"seq", seq},
                             {"node", fact.info.name},
                             {"id", fact.node.number()},
                             {"pool", fact.info.pool},
                             {"cores", fact.info.topology.cores.size()},
                             {"gpus", fact.info.topology.gpus.size()}});
  }
  void operator()(const model::StrayGone& fact) const {
    log.info("stray_gone",
             {{"seq", seq}, {"launch", to_text(fact.key)}, {"node", name_of(fact.node)}});
  }
  void operator()(const model::NodeAway& fact) const {
    log.warn("node_away", {{"seq", seq}, {"node", name_of(fact.node)}});
  }
  void operator()(const model::NodeLost& fact) const {
    log.warn("node_lost", {{"seq", seq}, {"node", name_of(fact.node)}});
  }
  void operator()(const model::JobSubmitted& fact) const {
    log.info("job_submitted", {{"seq", seq},
                               {"job", fact.job.number()},
                               {"user", fact.user.name},
                               {"name", fact.spec->name},
                               {"pool", fact.spec->pool},
                               {"priority", fact.spec->priority}});
  }
  void operator()(const model::JobHeld& fact) const {
    log.info("job_held", {{"seq", seq}, {"job", fact.job.number()}, {"by", fact.by}});
  }
  void operator()(const model::JobReleased& fact) const {
    log.info("job_released", {{"seq", seq}, {"job", fact.job.number()}, {"by", fact.by}});
  }
  void operator()(const model::AttemptStarted& fact) const {
    log.info("attempt_started", {{"seq", seq},
                                 {"job", fact.job.number()},
                                 {"attempt", fact.attempt},
                                 {"nodes", nodes_of(fact.allocation)}});
  }
  void operator()(const model::LaunchStarted& fact) const {
    log.info("launch_started",
             {{"seq", seq}, {"launch", to_text(fact.key)}, {"node", name_of(fact.node)}});
  }
  void operator()(const model::LaunchPrepared& fact) const {
    log.info("launch_prepared",
             {{"seq", seq}, {"launch", to_text(fact.key)}, {"node", name_of(fact.node)}});
  }
  void operator()(const model::StepStarted& fact) const {
    log.info("step_started", {{"seq", seq}, {"launch", to_text(fact.key)}});
  }
  void operator()(const model::LaunchEnded& fact) const {
    log.info("launch_ended", {{"seq", seq},
                              {"launch", to_text(fact.report.key)},
                              {"node", name_of(fact.node)},
                              {"exit_code", fact.report.exit_code},
                              {"why", why(fact.report.failure)}});
  }
  void operator()(const model::AttemptEnding& fact) const {
    log.info("attempt_ending", {{"seq", seq},
                                {"job", fact.job.number()},
                                {"attempt", fact.attempt},
                                {"why", describe(fact.why)}});
  }
  void operator()(const model::AttemptRequeued& fact) const {
    log.info("attempt_requeued", {{"seq", seq},
                                  {"job", fact.job.number()},
                                  {"attempt", fact.attempt},
                                  {"not_before", to_text(fact.not_before)}});
  }
  void operator()(const model::AttemptPreempted& fact) const {
    log.info("attempt_preempted", {{"seq", seq},
                                   {"job", fact.job.number()},
                                   {"attempt", fact.attempt},
                                   {"by", fact.by ? to_text(*fact.by) : fact.cause},
                                   {"stop_at", to_text(fact.stop_at)}});
  }
  void operator()(const model::AttemptGrows& fact) const {
    std::vector<std::string> nodes;
    for (const auto node : fact.nodes) nodes.push_back(name_of(node));
    log.info("attempt_grows", {{"seq", seq},
                               {"job", fact.job.number()},
                               {"attempt", fact.attempt},
                               {"nodes", model::compress_hosts(nodes)},
                               {"stop_at", to_text(fact.stop_at)}});
  }
  void operator()(const model::RoomPromised& fact) const {
    std::vector<std::string> victims;
    for (const auto victim : fact.victims) victims.push_back(to_text(victim));
    log.info("room_promised",
             {{"seq", seq}, {"job", fact.job.number()}, {"victims", base::join(victims, ",")}});
  }
  void operator()(const model::GraceEnded& fact) const {
    log.info("grace_ended", {{"seq", seq}, {"job", fact.job.number()}, {"attempt", fact.attempt}});
  }
  void operator()(const model::GraceShortened& fact) const {
    log.info("grace_shortened", {{"seq", seq},
                                 {"job", fact.job.number()},
                                 {"attempt", fact.attempt},
                                 {"stop_at", to_text(fact.stop_at)}});
  }
  void operator()(const model::NodeTwin& fact) const {
    log.error(
        "node_twin",
        {{"seq", seq}, {"node", name_of(fact.node)}, {"ended", base::printable(fact.machine)}});
  }
  void operator()(const model::AttemptWarned& fact) const {
    log.info("attempt_warned",
             {{"seq", seq}, {"job", fact.job.number()}, {"attempt", fact.attempt}});
  }
  void operator()(const model::CheckpointTaken& fact) const {
    log.info("checkpoint_taken", {{"seq", seq},
                                  {"job", fact.job.number()},
                                  {"attempt", fact.attempt},
                                  {"taken_at", to_text(fact.taken_at)}});
  }
  void operator()(const model::UsageCarried& fact) const {
    log.debug("usage_carried", {{"seq", seq}, {"uid", fact.uid}, {"workspace", fact.workspace}});
  }
  void operator()(const model::JobEnded& fact) const {
    log.info("job_ended", {{"seq", seq},
                           {"job", fact.job.number()},
                           {"ending", to_text(fact.outcome.ending)},
                           {"exit_code", fact.outcome.exit_code},
                           {"why", why(fact.outcome.failure)}});
  }
  void operator()(const model::ParentEnded& fact) const {
    log.info("parent_ended", {{"seq", seq},
                              {"job", fact.job.number()},
                              {"parent", fact.parent.job.number()},
                              {"ending", to_text(fact.parent.ending)}});
  }
  void operator()(const model::TaskSplit& fact) const {
    log.info("task_split",
             {{"seq", seq}, {"job", fact.job.number()}, {"task", to_text(fact.task)}});
  }
  void operator()(const model::TasksCancelled& fact) const {
    log.info("tasks_cancelled", {{"seq", seq},
                                 {"job", fact.job.number()},
                                 {"tasks", ranges_text(fact.tasks)},
                                 {"why", describe(fact.why)}});
  }
  void operator()(const model::JobUpdated& fact) const {
    std::vector<std::string> fields;
    for (const auto field : fact.change->fields) fields.emplace_back(to_text(field));
    log.info("job_updated", {{"seq", seq},
                             {"job", fact.job.number()},
                             {"by", fact.by},
                             {"fields", base::join(fields, ",")}});
  }
  void operator()(const model::ArrayStands& fact) const {
    log.info(
        "array_stands",
        {{"seq", seq}, {"job", fact.job.number()}, {"pending", ranges_text(fact.tally.pending)}});
  }
  void operator()(const model::BookingMade& fact) const {
    log.info("booking_made", {{"seq", seq},
                              {"booking", fact.booking.name},
                              {"nodes", fact.booking.nodes.size()},
                              {"start", to_text(fact.booking.start)},
                              {"end", to_text(fact.booking.end)},
                              {"by", fact.booking.by.name}});
  }
  void operator()(const model::BookingBegun& fact) const {
    log.info("booking_begun", {{"seq", seq}, {"booking", fact.name}});
  }
  void operator()(const model::NodePlanned& fact) const {
    log.debug("node_planned", {{"seq", seq},
                               {"node", fact.info.name},
                               {"pool", fact.info.pool},
                               {"cores", fact.info.topology.cores.size()}});
  }
  void operator()(const model::NodeTurned& fact) const {
    const auto event = model::kind_of(model::FactBody(fact));
    const auto name = name_of(fact.node);
    if (fact.life == model::NodeLife::unusable) {
      log.warn(event, {{"seq", seq}, {"node", name}, {"why", fact.cause}});
    } else {
      log.info(event, {{"seq", seq}, {"node", name}, {"why", fact.cause}});
    }
  }
  void operator()(const model::PoolChanged& fact) const {
    log.info("pool_changed", {{"seq", seq}, {"pool", fact.pool}, {"by", fact.by}});
  }
  void operator()(const model::PoolStopped& fact) const {
    log.error(
        "pool_stopped",
        {{"seq", seq}, {"pool", fact.pool}, {"why", fact.why}, {"until", to_text(fact.until)}});
  }
  void operator()(const model::PoolResumed& fact) const {
    log.info("pool_resumed", {{"seq", seq}, {"pool", fact.pool}, {"by", fact.by}});
  }
  void operator()(const model::PoolStands& fact) const {
    log.debug("pool_stands", {{"seq", seq}, {"pool", fact.pool}});
  }
  void operator()(const model::NodeEvicted& fact) const {
    log.warn("node_evicted", {{"seq", seq},
                              {"node", name_of(fact.node)},
                              {"until", to_text(fact.until)},
                              {"cause", fact.cause},
                              {"by", fact.by}});
  }
  void operator()(const model::NodeEvictionOver& fact) const {
    log.info("node_eviction_over", {{"seq", seq}, {"node", name_of(fact.node)}});
  }
  void operator()(const model::AttemptEvicted& fact) const {
    log.info("attempt_evicted", {{"seq", seq},
                                 {"job", fact.job.number()},
                                 {"attempt", fact.attempt},
                                 {"node", fact.node},
                                 {"stop_at", to_text(fact.stop_at)}});
  }
  void operator()(const model::NodeDrained& fact) const {
    log.info("node_drained", {{"seq", seq},
                              {"node", name_of(fact.node)},
                              {"by", fact.by},
                              {"reason", fact.reason},
                              {"until", fact.until ? to_text(*fact.until) : std::string()}});
  }
  void operator()(const model::NodeResumed& fact) const {
    log.info("node_resumed", {{"seq", seq}, {"node", name_of(fact.node)}, {"by", fact.by}});
  }
  void operator()(const model::NodeConditioned& fact) const {
    const auto& condition = fact.condition;
    std::vector<std::string> failing;
    for (const auto& gpu : condition.gpus) failing.push_back(describe(gpu));
    const std::string gpus = base::join(failing, "; ");
    const bool is_bad = condition.fitness == model::Fitness::unusable || !failing.empty();
    const auto say = [&](const loop::Log::Fields& fields) {
      is_bad ? log.warn("node_conditioned", fields) : log.info("node_conditioned", fields);
    };
    say({{"seq", seq},
         {"node", name_of(fact.node)},
         {"fitness", to_text(condition.fitness)},
         {"why", condition.reason},
         {"gpus", gpus}});
  }
  void operator()(const model::NodeQuarantined& fact) const {
    std::vector<std::string> held;
    for (const auto& process : fact.undying) held.push_back(describe(process));
    const std::string all = base::join(held, "; ");
    const loop::Log::Fields fields{{"seq", seq}, {"node", name_of(fact.node)}, {"held", all}};
    held.empty() ? log.info("node_quarantined", fields) : log.warn("node_quarantined", fields);
  }
  void operator()(const model::GpusIdle& fact) const {
    log.info("gpus_idle", {{"seq", seq},
                           {"launch", model::to_text(fact.key)},
                           {"node", name_of(fact.node)},
                           {"since", fact.since ? to_text(*fact.since) : std::string()}});
  }
  void operator()(const model::NodeSuspected& fact) const {
    log.info("node_suspected", {{"seq", seq},
                                {"node", name_of(fact.node)},
                                {"job", fact.suspicion.job.number()},
                                {"what", fact.suspicion.what}});
  }
  void operator()(const model::BookingEnded& fact) const {
    log.info("booking_ended", {{"seq", seq}, {"booking", fact.name}, {"by", fact.by}});
  }
};

}  // namespace

void log_fact(const loop::Log& log, model::Seq seq, const model::Fact& fact,
              const NameOf& name_of) {
  std::visit(Line{log, seq, name_of}, fact.body);
}

}  // namespace musterd
