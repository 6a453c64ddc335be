// Nodes and the small replies.

#include <utility>

#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"
#include "lib/wire/shared_node.h"

namespace wire {

namespace {

void write(const model::NodeCondition& condition, api::NodeCondition& out) {
  write_condition_text(condition, out);
  wire::write(condition.since, *out.mutable_since());
  for (const auto& failing : condition.gpus) wire::write(failing, *out.add_gpus());
}

model::FailingGpu read_failing(api::FailingGpu& in, Strict& strict) {
  return {.gpu = strict.count(in.gpu(), "gpu"),
          .reason = take(in.mutable_reason()),
          .since = strict.required(in.has_since(), "since").read(in.since(), read_time)};
}

model::NodeCondition read_api_condition(api::NodeCondition& in, Strict& strict) {
  auto condition = read_condition_text(in, strict);
  condition.since = strict.required(in.has_since(), "since").read(in.since(), read_time);
  condition.gpus = strict.each("gpus", *in.mutable_gpus(), read_failing);
  return condition;
}

model::Undying read_api_undying(api::Undying& in, Strict& strict) {
  auto undying = read_undying_text(in, read_launch(in.launch(), strict), strict);
  undying.since = strict.required(in.has_since(), "since").read(in.since(), read_time);
  return undying;
}

void write(const model::NodeRecord& record, api::NodeRecord& out) {
  out.set_node(record.node.number());
  write_node_info(record.info, *out.mutable_info());
  if (record.info.ends_at)
    wire::write(*record.info.ends_at, *out.mutable_info()->mutable_ends_at());
  out.set_state(std::string(to_text(record.state)));
  wire::write(record.since, *out.mutable_since());
  out.set_cores_used(model::to_text(record.cores_used));
  out.set_gpus_used(model::to_text(record.gpus_used));
  out.set_memory_used_bytes(record.memory_used.count());
  for (const auto job : record.jobs) out.add_jobs(job.number());
  for (const auto& booking : record.bookings) out.add_bookings(booking);
  if (record.eviction) {
    auto& eviction = *out.mutable_eviction();
    wire::write(record.eviction->until, *eviction.mutable_until());
    eviction.set_cause(record.eviction->cause);
    eviction.set_by(record.eviction->by);
  }
  if (record.condition) write(*record.condition, *out.mutable_condition());
  for (const auto& [at, suspicion] : record.suspicions) {
    auto& to = *out.add_suspicions();
    wire::write(at, *to.mutable_at());
    to.set_job(suspicion.job.number());
    to.set_uid(suspicion.uid);
    to.set_what(suspicion.what);
  }
  for (const auto& process : record.undying) wire::write(process, *out.add_undying());
  for (const auto& failing : record.failing) wire::write(failing, *out.add_failing());
  if (!record.drain) return;
  auto& drain = *out.mutable_drain();
  wire::write(record.drain->since, *drain.mutable_since());
  drain.set_by(record.drain->by);
  drain.set_reason(record.drain->reason);
  if (record.drain->until) wire::write(*record.drain->until, *drain.mutable_until());
}

model::NodeEviction read_eviction(api::NodeEviction& in, Strict& strict) {
  return {.until = strict.required(in.has_until(), "until").read(in.until(), read_time),
          .cause = take(in.mutable_cause()),
          .by = take(in.mutable_by())};
}

model::NodeDrain read_drain(api::NodeDrain& in, Strict& strict) {
  model::NodeDrain drain{
      .since = strict.required(in.has_since(), "since").read(in.since(), read_time),
      .by = take(in.mutable_by()),
      .reason = take(in.mutable_reason()),
      .until = {}};
  if (in.has_until()) drain.until = strict.part("until", in.until(), read_time);
  return drain;
}

model::NodeSuspicion read_suspicion(api::NodeSuspicion& in, Strict& strict) {
  return {.at = strict.required(in.has_at(), "at").read(in.at(), read_time),
          .suspicion = {.job = model::JobId(strict.from_one(in.job(), "job")),
                        .uid = in.uid(),
                        .what = take(in.mutable_what())}};
}

model::NodeOrder read_node_order(api::NodeOrder& in, Strict& strict) {
  model::NodeOrder order{.names = read_names(in.nodes(), "nodes", strict),
                         .notice = {},
                         .reason = take(in.mutable_reason()),
                         .duration = {},
                         .setup = in.setup()};
  if (in.has_notice()) order.notice = strict.part("notice", in.notice(), read_duration);
  if (in.has_duration()) order.duration = strict.part("duration", in.duration(), read_duration);
  return order;
}

model::NodeInfo read_api_node_info(api::NodeInfo& in, Strict& strict) {
  auto info = read_node_info(in, strict);
  if (in.has_ends_at()) info.ends_at = strict.part("ends_at", in.ends_at(), read_time);
  return info;
}

model::NodeRecord read_node(api::NodeRecord& in, Strict& strict) {
  model::NodeRecord record{
      .node = model::NodeId(strict.from_one(in.node(), "node")),
      .info = strict.required(in.has_info(), "info").read(*in.mutable_info(), read_api_node_info),
      .state = strict.named(model::node_state_from_text(in.state()), in.state(), "state"),
      .since = strict.required(in.has_since(), "since").read(in.since(), read_time),
      .cores_used = strict.indices(in.cores_used(), "cores_used"),
      .gpus_used = strict.indices(in.gpus_used(), "gpus_used"),
      .memory_used = base::Bytes(in.memory_used_bytes()),
      .jobs = {},
      .bookings = {},
      .eviction = {},
      .drain = {}};
  for (const auto job : in.jobs()) record.jobs.emplace_back(strict.from_one(job, "jobs"));
  record.bookings = take_all(*in.mutable_bookings());
  if (in.has_eviction())
    record.eviction = strict.part("eviction", *in.mutable_eviction(), read_eviction);
  if (in.has_drain()) record.drain = strict.part("drain", *in.mutable_drain(), read_drain);
  if (in.has_condition())
    record.condition = strict.part("condition", *in.mutable_condition(), read_api_condition);
  record.suspicions = strict.each("suspicions", *in.mutable_suspicions(), read_suspicion);
  record.undying = strict.each("undying", *in.mutable_undying(), read_api_undying);
  record.failing = strict.each("failing", *in.mutable_failing(), read_failing);
  return record;
}

}  // namespace

model::LaunchKey read_launch(std::string_view text, Strict& strict) {
  const auto key = model::launch_key_from_text(text);
  if (!key) strict.wrong("launch", "is not one");
  return key.value_or(model::LaunchKey{.job = model::JobId(1)});
}

void write(const model::FailingGpu& failing, api::FailingGpu& out) {
  out.set_gpu(u32(failing.gpu));
  out.set_reason(failing.reason);
  write(failing.since, *out.mutable_since());
  out.set_text(describe(failing));
}

void write(const model::Undying& undying, api::Undying& out) {
  write_undying_text(undying, out);
  out.set_launch(to_text(undying.launch));
  out.set_job(undying.launch.job.number());
  out.set_text(describe(undying));
  write(undying.since, *out.mutable_since());
}

std::string to_json(std::span<const model::NodeRecord> nodes) {
  api::NodeList out;
  for (const auto& node : nodes) write(node, *out.add_nodes());
  return print_json(out);
}

base::Result<std::vector<model::NodeRecord>> nodes_from_json(std::string_view json) {
  return from_json<api::NodeList>(json, "nodes", base::Code::corrupt,
                                  [](api::NodeList& in, Strict& strict) {
                                    return strict.each("nodes", *in.mutable_nodes(), read_node);
                                  });
}

std::string to_json(const model::NodeCondition& condition) {
  api::NodeCondition out;
  write(condition, out);
  return print_json(out);
}

base::Result<model::NodeCondition> condition_from_json(std::string_view json) {
  return from_json<api::NodeCondition>(json, "condition", base::Code::corrupt, read_api_condition);
}

std::string to_json(const model::NodeOrder& order) {
  api::NodeOrder out;
  out.set_nodes(model::compress_hosts(order.names));
  if (order.notice > base::Duration()) write(order.notice, *out.mutable_notice());
  out.set_reason(order.reason);
  out.set_setup(order.setup);
  if (order.duration) write(*order.duration, *out.mutable_duration());
  return print_json(out);
}

base::Result<model::NodeOrder> node_order_from_json(std::string_view json) {
  return from_json<api::NodeOrder>(json, "nodes", base::Code::invalid, read_node_order);
}

std::string to_json(const SubmitReply& reply) {
  api::SubmitReply out;
  out.set_job(reply.job.number());
  for (const auto& note : reply.notes) out.add_notes(note);
  return print_json(out);
}

base::Result<SubmitReply> submit_reply_from_json(std::string_view json) {
  return from_json<api::SubmitReply>(
      json, "reply", base::Code::corrupt, [](api::SubmitReply& in, Strict& strict) {
        SubmitReply reply{.job = model::JobId(strict.from_one(in.job(), "job")), .notes = {}};
        for (auto& note : *in.mutable_notes()) reply.notes.push_back(std::move(note));
        return reply;
      });
}

std::string to_json(const StepReply& reply) {
  api::StepReply out;
  out.set_step(reply.step.number());
  out.set_head_address(reply.head_address);
  out.set_secret(reply.secret);
  out.set_attempt(reply.attempt);
  out.set_job(reply.job.number());
  for (const auto& address : reply.head_tls) out.add_head_tls(address);
  return print_json(out);
}

base::Result<StepReply> step_reply_from_json(std::string_view json) {
  return from_json<api::StepReply>(
      json, "reply", base::Code::corrupt, [](api::StepReply& in, Strict& strict) {
        auto* address = in.mutable_head_address();
        auto head = in.head_tls().empty() ? strict.filled(address, "head_address") : take(address);
        return StepReply{model::StepId(in.step()),
                         std::move(head),
                         take(in.mutable_secret()),
                         strict.from_one(in.attempt(), "attempt"),
                         model::JobId(strict.from_one(in.job(), "job")),
                         take_all(*in.mutable_head_tls())};
      });
}

std::string to_json(const Version& version) {
  api::Version out;
  out.set_name(version.name);
  out.set_version(version.version);
  out.set_cluster(version.cluster);
  out.set_pid(version.pid);
  out.set_protocol(version.protocol);
  return print_json(out);
}

base::Result<Version> version_from_json(std::string_view json) {
  return from_json<api::Version>(
      json, "version", base::Code::corrupt, [](api::Version& in, Strict& strict) {
        return Version{strict.filled(in.mutable_name(), "name"), take(in.mutable_version()),
                       take(in.mutable_cluster()), in.pid(), in.protocol()};
      });
}

std::string to_json(const Status& status) {
  api::Status out;
  out.set_nodes_total(status.nodes_total);
  out.set_nodes_idle(status.nodes_idle);
  out.set_jobs_waiting(status.jobs_waiting);
  out.set_jobs_running(status.jobs_running);
  out.set_writable(status.writable);
  out.set_error(status.error);
  out.set_config_path(status.config.path);
  wire::write(status.config.read_at, *out.mutable_config_read_at());
  out.set_config_problem(status.config.problem);
  return print_json(out);
}

base::Result<Status> status_from_json(std::string_view json) {
  return from_json<api::Status>(
      json, "status", base::Code::corrupt, [](api::Status& in, Strict& strict) {
        return Status{in.nodes_total(),
                      in.nodes_idle(),
                      in.jobs_waiting(),
                      in.jobs_running(),
                      in.writable(),
                      take(in.mutable_error()),
                      {.path = take(in.mutable_config_path()),
                       .read_at = strict.part("config_read_at", in.config_read_at(), read_time),
                       .problem = take(in.mutable_config_problem())}};
      });
}

std::string error_json(const base::Error& error) {
  api::ErrorReply out;
  out.mutable_error()->set_code(std::string(base::to_text(error.code)));
  out.mutable_error()->set_text(error.text);
  return print_json(out);
}

std::optional<base::Error> error_from_json(std::string_view json) {
  api::ErrorReply in;
  if (!parse_json(json, "error", base::Code::corrupt, in)) return std::nullopt;
  const auto code = base::code_from_text(in.error().code());
  if (!code) return std::nullopt;
  return base::Error{*code, take(in.mutable_error()->mutable_text())};
}

}  // namespace wire
