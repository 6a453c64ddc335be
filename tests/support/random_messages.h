#pragma once
// The messages, facts and records of RandomModel: every kind is as likely as any other.

#include <memory>

#include "tests/support/random_launches.h"
#include "tests/support/random_model.h"
#include "tests/support/random_nodes.h"
#include "tests/support/random_pools.h"
#include "tests/support/random_requests.h"

namespace support {

inline model::FromAgent RandomModel::from_agent() {
  using Any = model::FromAgent;
  const auto status = [&] {
    return model::LaunchStatus{key(), maybe([&] { return report(); }), coin()};
  };
  return one_of(
      [&]() -> Any {
        return model::AgentHello{number(), node_info(), several(3, status), random_condition(*this),
                                 random_undying(*this)};
      },
      [&]() -> Any { return model::ReportUndying{random_undying(*this)}; },
      [&]() -> Any { return model::ReportGpus{key(), maybe([&] { return time(); })}; },
      [&]() -> Any { return model::ReportCondition{random_condition(*this)}; },
      [&]() -> Any { return model::NodeChecked{number(), random_condition(*this)}; },
      [&]() -> Any { return model::Heartbeat{}; },
      [&]() -> Any { return model::ReportStarted{key()}; },
      [&]() -> Any { return model::ReportPrepared{key()}; },
      [&]() -> Any { return model::ReportEnded{report()}; },
      [&]() -> Any { return model::LogChunk{number(), text(100), random_.next(), false, ""}; },
      [&]() -> Any { return model::LogChunk{number(), text(100), random_.next(), true, text()}; },
      [&]() -> Any { return model::ReportCheckpoint{key(), time()}; },
      [&]() -> Any { return model::Leaving{duration(), text()}; });
}

inline model::ToAgent RandomModel::to_agent() {
  using Any = model::ToAgent;
  return one_of(
      [&]() -> Any {
        return model::Welcome{node(), base::Duration(number()), random_care(*this), time()};
      },
      [&]() -> Any { return model::CheckNode{number(), coin(), coin()}; },
      [&]() -> Any { return model::NodeLogRead{number()}; },
      [&]() -> Any { return model::Refused{text()}; },
      [&]() -> Any { return model::Launch{order()}; }, [&]() -> Any { return model::Stop{key()}; },
      [&]() -> Any { return model::Acknowledge{key()}; },
      [&]() -> Any {
        return model::LogRead{number(),       key(),  maybe([&] { return upto(99); }),
                              random_.next(), coin(), coin(),
                              coin(),         coin()};
      },
      [&]() -> Any { return model::LogCancel{number()}; },
      [&]() -> Any { return model::ShutDown{}; }, [&]() -> Any { return model::Save{key()}; });
}

inline model::HeadMessage RandomModel::head_message() {
  using Any = model::HeadMessage;
  const auto some_failure = [&] { return maybe([&] { return failure(); }); };
  return one_of(
      [&]() -> Any { return model::PeerHello{key(), text(), upto(99)}; },
      [&]() -> Any { return model::ClientHello{key(), text()}; },
      [&]() -> Any {
        const auto protocol = static_cast<model::FenceProtocol>(upto(2));
        return model::Fence{tasks(3), number(), text(200), protocol};
      },
      [&]() -> Any {
        return model::NameRequest{upto(99), static_cast<model::NameAction>(upto(2)), text(),
                                  text()};
      },
      [&]() -> Any { return model::NameReply{upto(99), coin(), text()}; },
      [&]() -> Any { return model::ModexRequest{number(), upto(9), upto(99)}; },
      [&]() -> Any { return model::ModexReply{number(), upto(9), upto(99) - 99, text(200)}; },
      [&]() -> Any {
        const auto stream = coin() ? model::OutputStream::out : model::OutputStream::err;
        return model::RankOutput{upto(99), stream, text(200)};
      },
      [&]() -> Any { return model::RankInput{text()}; },
      [&]() -> Any {
        return model::RankPlaced{upto(99), text(), text(), text(), text(), text(), text(), text()};
      },
      [&]() -> Any { return model::WorkDone{upto(9)}; },
      [&]() -> Any { return model::EndServers{}; },
      [&]() -> Any { return model::NodeIdle{duration(), time()}; },
      [&]() -> Any { return model::StepHung{failure()}; },
      [&]() -> Any { return model::RankAbsent{upto(99), text()}; },
      [&]() -> Any {
        return model::NodeLook{upto(3), upto(9), upto(9), several(3, [&] {
                                 return model::LoneRank{upto(99), coin(), text(), text(), text()};
                               })};
      },
      [&]() -> Any { return model::PortHello{key(), text(), 1 + upto(65534)}; },
      [&]() -> Any { return model::PortReply{text()}; },
      [&]() -> Any { return model::StepNote{text()}; },
      [&]() -> Any { return model::NodeEnded{upto(9), upto(255), some_failure(), coin()}; },
      [&]() -> Any { return model::EndStep{failure()}; },
      [&]() -> Any { return model::StepSignal{1 + upto(63)}; },
      [&]() -> Any { return model::WindowSize{upto(999), upto(999)}; },
      [&]() -> Any { return model::Detach{}; },
      [&]() -> Any { return model::StepResult{upto(255), some_failure()}; });
}

inline model::FactBody RandomModel::fact_body() {
  using Any = model::FactBody;
  if (upto(2) == 0) return pool_fact();
  return one_of(
      [&]() -> Any { return model::NumbersGiven{job(), node()}; },
      [&]() -> Any {
        return model::NodeJoined{node(), node_info(), several(2, [&] { return key(); }),
                                 random_condition(*this)};
      },
      [&]() -> Any { return model::StrayGone{node(), key()}; },
      [&]() -> Any { return model::NodeAway{node()}; },
      [&]() -> Any { return model::NodeLost{node()}; },
      [&]() -> Any {
        return model::JobSubmitted{job(), user(),
                                   std::make_shared<const model::JobSpec>(job_spec()),
                                   several(2, [&] { return past_job(); })};
      },
      [&]() -> Any { return model::JobHeld{job(), text()}; },
      [&]() -> Any { return model::JobReleased{job(), text()}; },
      [&]() -> Any { return launch_fact(); },
      [&]() -> Any {
        auto of = key();
        of.preparation = false;
        of.step = step();
        return model::StepStarted{of, std::make_shared<const model::StepSpec>(step_spec()),
                                  tasks(3), step_shares(coin() ? 3 : 0)};
      },
      [&]() -> Any { return model::LaunchEnded{node(), report()}; },
      [&]() -> Any { return model::AttemptEnding{job(), number(), failure()}; },
      [&]() -> Any { return model::AttemptRequeued{job(), number(), time()}; },
      [&]() -> Any { return model::JobEnded{job(), outcome()}; },
      [&]() -> Any { return model::AttemptPreempted{job(), number(), job(), time()}; },
      [&]() -> Any { return model::RoomPromised{job(), several(3, [&] { return job(); })}; },
      [&]() -> Any { return model::AttemptGrows{job(), number(), {node(), node()}, time()}; },
      [&]() -> Any { return model::GraceEnded{job(), number()}; },
      [&]() -> Any { return model::AttemptWarned{job(), number()}; },
      [&]() -> Any { return model::CheckpointTaken{job(), number(), time()}; },
      [&]() -> Any {
        return model::UsageCarried{number(), text(), time(), duration(), duration()};
      },
      [&]() -> Any { return model::ParentEnded{job(), past_job()}; },
      [&]() -> Any { return model::TaskSplit{job(), array_task()}; },
      [&]() -> Any { return model::TasksCancelled{job(), indices(), failure()}; },
      [&]() -> Any {
        auto stands = model::ArrayStands{job(), tally()};
        stands.tally.has_begun = coin();
        stands.tally.worst = maybe([&] { return outcome(); });
        stands.tally.spread_at = maybe([&] { return time(); });
        return stands;
      },
      [&]() -> Any {
        return model::BookingMade{{.name = name(),
                                   .nodes = several(3, [&] { return node(); }),
                                   .start = time(),
                                   .end = time(),
                                   .is_maintenance = coin(),
                                   .users = several(2, [&] { return text(); }),
                                   .workspaces = several(2, [&] { return text(); }),
                                   .comment = text(),
                                   .by = user()}};
      },
      [&]() -> Any { return model::BookingBegun{name()}; },
      [&]() -> Any { return model::BookingEnded{name(), text()}; },
      [&]() -> Any {
        return model::JobUpdated{job(), text(),
                                 std::make_shared<const model::JobChange>(job_change()),
                                 several(2, [&] { return past_job(); })};
      });
}

inline model::Quota RandomModel::quota() {
  model::Quota made;
  made.whose = text();
  made.resource =
      static_cast<model::QuotaResource>(upto(static_cast<int>(model::QuotaResource::core_hours)));
  made.used = upto(99);
  made.asked = upto(99);
  made.limit = upto(99);
  made.kept = upto(9);
  made.lent = upto(9);
  made.holders = several(3, [&] { return job(); });
  made.until = maybe([&] { return time(); });
  return made;
}

inline model::Reason RandomModel::reason() {
  using Any = model::Reason;
  return one_of(
      [&]() -> Any { return model::NotConsidered{}; },
      [&]() -> Any { return model::Held{text(), text()}; },
      [&]() -> Any {
        const model::Demand demand{upto(9), upto(9), upto(9), bytes()};
        return model::ShortOfResources{
            upto(9), upto(9), upto(9), demand, several(3, [&] { return job(); }), coin(), text()};
      },
      [&]() -> Any { return random_away(*this); }, [&]() -> Any { return model::Behind{job()}; },
      [&]() -> Any {
        const auto first = job();
        return model::WouldDelay{first, time()};
      },
      [&]() -> Any { return model::BackOff{time(), text()}; },
      [&]() -> Any { return model::Preempting{several(3, [&] { return job(); }), time()}; },
      [&]() -> Any { return model::BeginTime{time()}; },
      [&]() -> Any {
        const auto state = model::JobState::running;
        return model::DependsOn{
            coin(), several(3, [&] { return model::OpenTerm{term(), job(), state}; }), upto(9)};
      },
      [&]() -> Any { return model::ArrayLimit{upto(9)}; },
      [&]() -> Any {
        return model::ShortOfLicenses{name(), upto(9), upto(9), upto(9),
                                      several(3, [&] { return job(); })};
      },
      [&]() -> Any { return model::Booked{name(), maybe([&] { return time(); }), time(), coin()}; },
      [&]() -> Any {
        return model::NodesComing{name(), upto(9), text(), maybe([&] { return time(); }),
                                  coin(), text()};
      },
      [&]() -> Any { return quota(); });
}

inline model::JobRecord RandomModel::job_record() {
  model::JobRecord made{.job = job(), .user = user()};
  made.name = text();
  made.pool = text();
  made.workspace = text();
  made.class_name = text();
  made.comment = text();
  made.state = static_cast<model::JobState>(upto(static_cast<int>(model::JobState::preempted)));
  made.priority = upto(2000) - 1000;
  made.layout = {maybe([&] { return 1 + upto(9); }),
                 upto(99),
                 maybe([&] { return upto(9); }),
                 upto(9),
                 upto(9),
                 upto(9),
                 bytes(),
                 bytes(),
                 upto(9),
                 upto(9),
                 coin()};
  if (coin()) made.choice = choice();
  made.licenses = licenses();
  made.time_limit = maybe([&] { return duration(); });
  made.script_name = text();
  made.arguments = several(3, [&] { return text(); });
  made.work_dir = text();
  made.output = text();
  made.error = text();
  made.begin = maybe([&] { return time(); });
  made.deadline = maybe([&] { return time(); });
  made.dependency = dependency();
  made.restart = maybe([&] { return restart_policy(); });
  made.hang_timeout = maybe([&] { return hang_limit(); });
  made.max_evictions = maybe([&] { return 1 + upto(9); });
  made.requeue = coin();
  made.grow_after = maybe([&] { return duration(); });
  made.array = maybe([&] { return array(); });
  made.task = maybe([&] { return array_task(); });
  made.preparation = preparation();
  made.prepared = prepared();
  made.tally = maybe([&] { return tally(); });
  if (made.tally) made.n_running = upto(99);
  made.submitted_at = time();
  made.changed = last_change();
  made.attempt = number();
  made.allocation = allocation();
  made.started_at = maybe([&] { return time(); });
  made.ended_at = maybe([&] { return time(); });
  made.checkpoint_at = maybe([&] { return time(); });
  made.reason = maybe([&] { return reason(); });
  made.expected_start = maybe([&] { return time(); });
  made.outcome = maybe([&] { return outcome(); });
  made.ending = maybe([&] { return failure(); });
  made.usage = usage();
  made.steps = several(2, [&] {
    return model::StepRecord{step(),    text(),
                             tasks(2),  coin(),
                             time(),    maybe([&] { return time(); }),
                             upto(255), maybe([&] { return failure(); }),
                             usage(),   several(3, [&] { return rank_usage(); })};
  });
  made.earlier = several(2, [&] {
    return model::AttemptRecord{number(),  text(),  upto(99),
                                upto(99),  time(),  time(),
                                failure(), bytes(), maybe([&] { return time(); })};
  });
  add_use(*this, made);
  return made;
}

}  // namespace support
