#include "lib/wire/agent.h"

#include "lib/base/overloaded.h"
#include "lib/wire/agent.pb.h"
#include "lib/wire/convert.h"
#include "lib/wire/shared_node.h"

namespace wire {

namespace {

void write(const model::AgentHello& hello, pb::AgentHello& out) {
  out.set_version(hello.version);
  write_node_info(hello.info, *out.mutable_info());
  for (const auto& launch : hello.launches) {
    auto& to = *out.add_launches();
    wire::write(launch.key, *to.mutable_key());
    if (launch.report) wire::write(*launch.report, *to.mutable_report());
    to.set_is_prepared(launch.is_prepared);
  }
  if (hello.condition != model::NodeCondition())
    write_condition(hello.condition, *out.mutable_condition());
  for (const auto& process : hello.undying) wire::write(process, *out.add_undying());
}

void write(const model::NodeCare& care, pb::NodeCare& out) {
  out.set_pool(care.pool);
  out.set_cluster(care.cluster);
  for (const auto& mount : care.mounts) out.add_mounts(mount);
  out.set_mount_timeout_us(care.mount_timeout.count());
  out.set_setup(care.setup);
  out.set_setup_timeout_us(care.setup_timeout.count());
  out.set_setup_tries(u32(care.setup_tries));
  out.set_setup_pause_us(care.setup_pause.count());
  out.set_setup_heal_us(care.setup_heal.count());
  out.set_health(care.health);
  out.set_health_interval_us(care.health_interval.count());
  out.set_health_timeout_us(care.health_timeout.count());
  out.set_checks(care.checks);
  out.set_free_disk_bytes(care.free_disk.count());
  out.set_free_memory_bytes(care.free_memory.count());
  out.set_gpu_full_link(care.gpu_full_link);
}

void write(const model::Welcome& welcome, pb::Welcome& out) {
  out.set_node(welcome.node.number());
  out.set_heartbeat_us(welcome.heartbeat.count());
  if (welcome.care != model::NodeCare()) write(welcome.care, *out.mutable_care());
  out.set_now_us(base::to_us(welcome.now));
}

void write(const model::LogChunk& chunk, pb::LogChunk& out) {
  out.set_request(chunk.request);
  out.set_bytes(chunk.bytes);
  out.set_next_offset(chunk.next_offset);
  out.set_end(chunk.end);
  out.set_error(chunk.error);
}

void write(const model::LogRead& read, pb::LogRead& out) {
  out.set_request(read.request);
  wire::write(read.key, *out.mutable_key());
  if (read.rank) out.set_rank(u32(*read.rank));
  out.set_offset(read.offset);
  out.set_follow(read.follow);
  out.set_map(read.map);
  out.set_stacks(read.stacks);
  out.set_usage(read.usage);
}

model::LaunchStatus read_status(pb::LaunchStatus& in, Strict& strict) {
  model::LaunchStatus status{
      strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key), {}, in.is_prepared()};
  if (in.has_report()) status.report = strict.part("report", *in.mutable_report(), read_report);
  return status;
}

model::AgentHello read_hello(pb::AgentHello& in, Strict& strict) {
  model::AgentHello hello;
  hello.version = strict.from_one(in.version(), "version");
  hello.info =
      strict.required(in.has_info(), "info").read(*in.mutable_info(), read_node_info<pb::NodeInfo>);
  hello.launches = strict.each("launches", *in.mutable_launches(), read_status);
  if (in.has_condition())
    hello.condition =
        strict.part("condition", *in.mutable_condition(), read_condition<pb::NodeCondition>);
  hello.undying = strict.each("undying", *in.mutable_undying(), read_undying);
  return hello;
}

model::LogChunk read_chunk(pb::LogChunk& in, Strict& strict) {
  if (!in.end() && !in.error().empty()) strict.wrong("error", "is there before the end");
  return {in.request(), take(in.mutable_bytes()), in.next_offset(), in.end(),
          take(in.mutable_error())};
}

model::NodeCare read_care(pb::NodeCare& in, Strict& strict) {
  return {.pool = take(in.mutable_pool()),
          .cluster = take(in.mutable_cluster()),
          .mounts = {in.mounts().begin(), in.mounts().end()},
          .mount_timeout = strict.duration(in.mount_timeout_us(), "mount_timeout_us"),
          .setup = take(in.mutable_setup()),
          .setup_timeout = strict.duration(in.setup_timeout_us(), "setup_timeout_us"),
          .setup_tries = strict.count(in.setup_tries(), "setup_tries", 1),
          .setup_pause = strict.duration(in.setup_pause_us(), "setup_pause_us"),
          .setup_heal = strict.duration(in.setup_heal_us(), "setup_heal_us"),
          .health = take(in.mutable_health()),
          .health_interval = strict.duration(in.health_interval_us(), "health_interval_us"),
          .health_timeout = strict.duration(in.health_timeout_us(), "health_timeout_us"),
          .checks = in.checks(),
          .free_disk = base::Bytes(in.free_disk_bytes()),
          .free_memory = base::Bytes(in.free_memory_bytes()),
          .gpu_full_link = in.gpu_full_link()};
}

model::Welcome read_welcome(pb::Welcome& in, Strict& strict) {
  if (in.heartbeat_us() == 0) strict.wrong("heartbeat_us", "is 0 or missing");
  model::Welcome welcome{.node = model::NodeId(strict.from_one(in.node(), "node")),
                         .heartbeat = strict.duration(in.heartbeat_us(), "heartbeat_us"),
                         .now = strict.time(in.now_us(), "now_us")};
  if (in.has_care()) welcome.care = strict.part("care", *in.mutable_care(), read_care);
  return welcome;
}

/// Of a message that has to have one.
template <class Message>
model::NodeCondition condition_of(Message& in, Strict& strict) {
  return strict.required(in.has_condition(), "condition")
      .read(*in.mutable_condition(), read_condition<pb::NodeCondition>);
}

model::LogRead read_log_read(pb::LogRead& in, Strict& strict) {
  return {in.request(),
          strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
          strict.count_if(in.has_rank(), in.rank(), "rank"),
          in.offset(),
          in.follow(),
          in.map(),
          in.stacks(),
          in.usage()};
}

/// The key of a message that is nothing but a key.
template <class Message>
model::LaunchKey key_of(Message& in, Strict& strict) {
  return strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key);
}

model::ReportCheckpoint read_checkpoint_report(pb::ReportCheckpoint& in, Strict& strict) {
  return {key_of(in, strict), strict.time(in.taken_at_us(), "taken_at_us")};
}

model::ReportGpus read_gpus_report(pb::ReportGpus& in, Strict& strict) {
  model::ReportGpus report{key_of(in, strict), {}};
  if (in.has_idle_since_us()) report.idle_since = strict.time(in.idle_since_us(), "idle_since_us");
  return report;
}

constexpr std::string_view unknown_kind = "is missing, or one that this version does not know";

model::FromAgent read_from_agent(pb::FromAgent& in, Strict& strict) {
  switch (in.kind_case()) {
    case pb::FromAgent::kHello:
      return strict.part("hello", *in.mutable_hello(), read_hello);
    case pb::FromAgent::kHeartbeat:
      return model::Heartbeat{};
    case pb::FromAgent::kStarted:
      return model::ReportStarted{key_of(*in.mutable_started(), strict)};
    case pb::FromAgent::kPrepared:
      return model::ReportPrepared{key_of(*in.mutable_prepared(), strict)};
    case pb::FromAgent::kEnded:
      return model::ReportEnded{strict.required(in.ended().has_report(), "report")
                                    .read(*in.mutable_ended()->mutable_report(), read_report)};
    case pb::FromAgent::kLogChunk:
      return strict.part("log_chunk", *in.mutable_log_chunk(), read_chunk);
    case pb::FromAgent::kLeaving: {
      auto& leaving = *in.mutable_leaving();
      return model::Leaving{strict.duration(leaving.notice_us(), "notice_us"),
                            take(leaving.mutable_cause())};
    }
    case pb::FromAgent::kCheckpoint:
      return strict.part("checkpoint", *in.mutable_checkpoint(), read_checkpoint_report);
    case pb::FromAgent::kCondition:
      return model::ReportCondition{condition_of(*in.mutable_condition(), strict)};
    case pb::FromAgent::kChecked:
      return model::NodeChecked{in.checked().request(),
                                condition_of(*in.mutable_checked(), strict)};
    case pb::FromAgent::kUndying:
      return model::ReportUndying{
          strict.each("undying", *in.mutable_undying()->mutable_undying(), read_undying)};
    case pb::FromAgent::kGpus:
      return strict.part("gpus", *in.mutable_gpus(), read_gpus_report);
    case pb::FromAgent::KIND_NOT_SET:
      break;
  }
  strict.wrong("kind", unknown_kind);
  return model::Heartbeat{};
}

model::ToAgent read_to_agent(pb::ToAgent& in, Strict& strict) {
  switch (in.kind_case()) {
    case pb::ToAgent::kWelcome:
      return strict.part("welcome", *in.mutable_welcome(), read_welcome);
    case pb::ToAgent::kRefused:
      return model::Refused{take(in.mutable_refused()->mutable_why())};
    case pb::ToAgent::kLaunch:
      return model::Launch{strict.required(in.launch().has_order(), "order")
                               .read(*in.mutable_launch()->mutable_order(), read_order)};
    case pb::ToAgent::kStop:
      return model::Stop{key_of(*in.mutable_stop(), strict)};
    case pb::ToAgent::kAcknowledge:
      return model::Acknowledge{key_of(*in.mutable_acknowledge(), strict)};
    case pb::ToAgent::kLogRead:
      return strict.part("log_read", *in.mutable_log_read(), read_log_read);
    case pb::ToAgent::kLogCancel:
      return model::LogCancel{in.log_cancel().request()};
    case pb::ToAgent::kShutDown:
      return model::ShutDown{};
    case pb::ToAgent::kSave:
      return model::Save{key_of(*in.mutable_save(), strict)};
    case pb::ToAgent::kCheck:
      return model::CheckNode{in.check().request(), in.check().setup(), in.check().forget()};
    case pb::ToAgent::kNodeLog:
      return model::NodeLogRead{in.node_log().request()};
    case pb::ToAgent::KIND_NOT_SET:
      break;
  }
  strict.wrong("kind", unknown_kind);
  return model::ShutDown{};
}

}  // namespace

std::string encode(const model::FromAgent& message) {
  pb::FromAgent out;
  std::visit(base::Overloaded{
                 [&](const model::AgentHello& m) { write(m, *out.mutable_hello()); },
                 [&](const model::Heartbeat&) { out.mutable_heartbeat(); },
                 [&](const model::ReportStarted& m) {
                   wire::write(m.key, *out.mutable_started()->mutable_key());
                 },
                 [&](const model::ReportPrepared& m) {
                   wire::write(m.key, *out.mutable_prepared()->mutable_key());
                 },
                 [&](const model::ReportEnded& m) {
                   wire::write(m.report, *out.mutable_ended()->mutable_report());
                 },
                 [&](const model::LogChunk& m) { write(m, *out.mutable_log_chunk()); },
                 [&](const model::Leaving& m) {
                   out.mutable_leaving()->set_notice_us(m.notice.count());
                   out.mutable_leaving()->set_cause(m.cause);
                 },
                 [&](const model::ReportCheckpoint& m) {
                   auto& checkpoint = *out.mutable_checkpoint();
                   wire::write(m.key, *checkpoint.mutable_key());
                   checkpoint.set_taken_at_us(base::to_us(m.taken_at));
                 },
                 [&](const model::ReportCondition& m) {
                   write_condition(m.condition, *out.mutable_condition()->mutable_condition());
                 },
                 [&](const model::ReportUndying& m) {
                   auto& to = *out.mutable_undying();
                   for (const auto& each : m.undying) wire::write(each, *to.add_undying());
                 },
                 [&](const model::ReportGpus& m) {
                   auto& to = *out.mutable_gpus();
                   wire::write(m.key, *to.mutable_key());
                   if (m.idle_since) to.set_idle_since_us(base::to_us(*m.idle_since));
                 },
                 [&](const model::NodeChecked& m) {
                   out.mutable_checked()->set_request(m.request);
                   write_condition(m.condition, *out.mutable_checked()->mutable_condition());
                 }},
             message);
  return serialize(out);
}

std::string encode(const model::ToAgent& message) {
  pb::ToAgent out;
  std::visit(
      base::Overloaded{
          [&](const model::Welcome& m) { write(m, *out.mutable_welcome()); },
          [&](const model::Refused& m) { out.mutable_refused()->set_why(m.why); },
          [&](const model::Launch& m) {
            wire::write(m.order, *out.mutable_launch()->mutable_order());
          },
          [&](const model::Stop& m) { wire::write(m.key, *out.mutable_stop()->mutable_key()); },
          [&](const model::Acknowledge& m) {
            wire::write(m.key, *out.mutable_acknowledge()->mutable_key());
          },
          [&](const model::LogRead& m) { write(m, *out.mutable_log_read()); },
          [&](const model::LogCancel& m) { out.mutable_log_cancel()->set_request(m.request); },
          [&](const model::ShutDown&) { out.mutable_shut_down(); },
          [&](const model::Save& m) { wire::write(m.key, *out.mutable_save()->mutable_key()); },
          [&](const model::CheckNode& m) {
            out.mutable_check()->set_request(m.request);
            out.mutable_check()->set_setup(m.setup);
            out.mutable_check()->set_forget(m.forget);
          },
          [&](const model::NodeLogRead& m) { out.mutable_node_log()->set_request(m.request); }},
      message);
  return serialize(out);
}

base::Result<model::FromAgent> decode_from_agent(std::string_view bytes) {
  pb::FromAgent in;
  if (auto parsed = parse(bytes, "message of an agent", in); !parsed) {
    return std::unexpected(parsed.error());
  }
  Strict strict(base::Code::corrupt, "message of an agent");
  return strict.give(read_from_agent(in, strict));
}

base::Result<model::ToAgent> decode_to_agent(std::string_view bytes) {
  pb::ToAgent in;
  if (auto parsed = parse(bytes, "message to an agent", in); !parsed) {
    return std::unexpected(parsed.error());
  }
  Strict strict(base::Code::corrupt, "message to an agent");
  return strict.give(read_to_agent(in, strict));
}

}  // namespace wire
