#include "lib/wire/head.h"

#include "lib/base/overloaded.h"
#include "lib/wire/convert.h"
#include "lib/wire/head.pb.h"
#include "lib/wire/shared.h"
#include "lib/wire/shared_step.h"

namespace wire {

namespace {

constexpr int last_signal = 64;
constexpr int last_port = 65535;

void write(const model::PeerHello& hello, pb::PeerHello& out) {
  wire::write(hello.key, *out.mutable_key());
  out.set_secret(hello.secret);
  out.set_node_index(u32(hello.node_index));
}

void write(const model::ClientHello& hello, pb::ClientHello& out) {
  wire::write(hello.key, *out.mutable_key());
  out.set_secret(hello.secret);
}

void write(const model::PortHello& hello, pb::PortHello& out) {
  wire::write(hello.key, *out.mutable_key());
  out.set_secret(hello.secret);
  out.set_port(u32(hello.port));
}

pb::FenceProtocol to_wire(model::FenceProtocol protocol) {
  switch (protocol) {
    case model::FenceProtocol::pmix:
      return pb::FENCE_PROTOCOL_PMIX;
    case model::FenceProtocol::pmi1:
      return pb::FENCE_PROTOCOL_PMI1;
    case model::FenceProtocol::address:
      break;
  }
  return pb::FENCE_PROTOCOL_ADDRESS;
}

void write(const model::Fence& fence, pb::Fence& out) {
  for (const int rank : fence.ranks) out.add_ranks(u32(rank));
  out.set_number(fence.number);
  out.set_data(fence.data);
  out.set_protocol(to_wire(fence.protocol));
}

void write(const model::ModexRequest& request, pb::ModexRequest& out) {
  out.set_request(request.request);
  out.set_from_node(u32(request.from_node));
  out.set_rank(u32(request.rank));
}

void write(const model::ModexReply& reply, pb::ModexReply& out) {
  out.set_request(reply.request);
  out.set_to_node(u32(reply.to_node));
  out.set_status(reply.status);
  out.set_data(reply.data);
}

pb::NameAction to_wire(model::NameAction action) {
  switch (action) {
    case model::NameAction::publish:
      return pb::NAME_ACTION_PUBLISH;
    case model::NameAction::unpublish:
      return pb::NAME_ACTION_UNPUBLISH;
    case model::NameAction::look_up:
      break;
  }
  return pb::NAME_ACTION_LOOK_UP;
}

void write(const model::NameRequest& request, pb::NameRequest& out) {
  out.set_rank(u32(request.rank));
  out.set_action(to_wire(request.action));
  out.set_service(request.service);
  out.set_port(request.port);
}

void write(const model::NameReply& reply, pb::NameReply& out) {
  out.set_rank(u32(reply.rank));
  out.set_done(reply.is_done);
  out.set_port(reply.port);
}

void write(const model::RankOutput& output, pb::RankOutput& out) {
  out.set_rank(u32(output.rank));
  out.set_stream(output.stream == model::OutputStream::out ? pb::OUTPUT_STREAM_OUT
                                                           : pb::OUTPUT_STREAM_ERR);
  out.set_bytes(output.bytes);
}

void write(const model::RankPlaced& placed, pb::RankPlaced& out) {
  out.set_rank(u32(placed.rank));
  out.set_node(placed.node);
  out.set_cpus(placed.cpus);
  out.set_gpus(placed.gpus);
  out.set_numa(placed.numa);
  out.set_unbound(placed.unbound);
  out.set_role(placed.role);
  out.set_nic(placed.nic);
}

void write(const model::NodeEnded& ended, pb::NodeEnded& out) {
  out.set_node_index(u32(ended.node_index));
  out.set_exit_code(ended.exit_code);
  if (ended.failure) write_failure(*ended.failure, *out.mutable_failure());
  out.set_goes_on(ended.goes_on);
}

void write(const model::StepResult& result, pb::StepResult& out) {
  out.set_exit_code(result.exit_code);
  if (result.failure) write_failure(*result.failure, *out.mutable_failure());
}

void write(const model::NodeIdle& node, pb::NodeIdle& out) {
  out.set_idle_us(node.idle.count());
  out.set_since_us(base::to_us(node.since));
}

void write(const model::RankAbsent& absent, pb::RankAbsent& out) {
  out.set_rank(u32(absent.rank));
  out.set_node(absent.node);
}

void write(const model::NodeLook& look, pb::NodeLook& out) {
  out.set_stage(u32(look.stage));
  out.set_connected(u32(look.n_connected));
  out.set_waiting(u32(look.n_waiting));
  for (const auto& lone : look.lone) {
    auto& rank = *out.add_lone();
    rank.set_rank(u32(lone.rank));
    rank.set_ended(lone.has_ended);
    rank.set_program(lone.program);
    rank.set_mpi_library(lone.mpi_library);
    rank.set_why_alone(lone.why_alone);
  }
}

model::PeerHello read_peer_hello(pb::PeerHello& in, Strict& strict) {
  return {strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
          take(in.mutable_secret()), strict.count(in.node_index(), "node_index")};
}

model::ClientHello read_client_hello(pb::ClientHello& in, Strict& strict) {
  return {strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
          take(in.mutable_secret())};
}

model::PortHello read_port_hello(pb::PortHello& in, Strict& strict) {
  return {strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
          take(in.mutable_secret()), strict.count(in.port(), "port", 1, last_port)};
}

model::FenceProtocol read_protocol(pb::FenceProtocol protocol, Strict& strict) {
  if (protocol == pb::FENCE_PROTOCOL_PMI1) return model::FenceProtocol::pmi1;
  if (protocol == pb::FENCE_PROTOCOL_ADDRESS) return model::FenceProtocol::address;
  if (protocol != pb::FENCE_PROTOCOL_PMIX) strict.wrong("protocol", "is missing or not known");
  return model::FenceProtocol::pmix;
}

model::Fence read_fence(pb::Fence& in, Strict& strict) {
  model::Fence fence;
  fence.ranks.reserve(static_cast<std::size_t>(in.ranks_size()));
  for (const auto rank : in.ranks()) fence.ranks.push_back(strict.count(rank, "ranks"));
  fence.number = in.number();
  fence.data = take(in.mutable_data());
  fence.protocol = read_protocol(in.protocol(), strict);
  return fence;
}

model::ModexRequest read_modex_request(pb::ModexRequest& in, Strict& strict) {
  return {in.request(), strict.count(in.from_node(), "from_node"), strict.count(in.rank(), "rank")};
}

model::ModexReply read_modex_reply(pb::ModexReply& in, Strict& strict) {
  return {in.request(), strict.count(in.to_node(), "to_node"), in.status(),
          take(in.mutable_data())};
}

model::NameAction read_action(pb::NameAction action, Strict& strict) {
  if (action == pb::NAME_ACTION_PUBLISH) return model::NameAction::publish;
  if (action == pb::NAME_ACTION_UNPUBLISH) return model::NameAction::unpublish;
  if (action != pb::NAME_ACTION_LOOK_UP) strict.wrong("action", "is missing or not known");
  return model::NameAction::look_up;
}

model::NameRequest read_name_request(pb::NameRequest& in, Strict& strict) {
  return {strict.count(in.rank(), "rank"), read_action(in.action(), strict),
          take(in.mutable_service()), take(in.mutable_port())};
}

model::NameReply read_name_reply(pb::NameReply& in, Strict& strict) {
  return {strict.count(in.rank(), "rank"), in.done(), take(in.mutable_port())};
}

model::RankOutput read_output(pb::RankOutput& in, Strict& strict) {
  if (in.stream() != pb::OUTPUT_STREAM_OUT && in.stream() != pb::OUTPUT_STREAM_ERR) {
    strict.wrong("stream", "is missing or not known");
  }
  const auto stream =
      in.stream() == pb::OUTPUT_STREAM_ERR ? model::OutputStream::err : model::OutputStream::out;
  return {strict.count(in.rank(), "rank"), stream, take(in.mutable_bytes())};
}

model::RankPlaced read_placed(pb::RankPlaced& in, Strict& strict) {
  return {strict.count(in.rank(), "rank"), take(in.mutable_node()), take(in.mutable_cpus()),
          take(in.mutable_gpus()),         take(in.mutable_numa()), take(in.mutable_unbound()),
          take(in.mutable_role()),         take(in.mutable_nic())};
}

/// For messages with an optional failure.
template <class Message>
std::optional<model::Failure> failure_of(Message& in, Strict& strict) {
  if (!in.has_failure()) return std::nullopt;
  return strict.part("failure", *in.mutable_failure(), read_failure<pb::Failure>);
}

model::NodeEnded read_node_ended(pb::NodeEnded& in, Strict& strict) {
  return {strict.count(in.node_index(), "node_index"), in.exit_code(), failure_of(in, strict),
          in.goes_on()};
}

model::StepHung read_step_hung(pb::StepHung& in, Strict& strict) {
  return {strict.required(in.has_why(), "why").read(*in.mutable_why(), read_failure<pb::Failure>)};
}

model::NodeIdle read_node_idle(pb::NodeIdle& in, Strict& strict) {
  return {strict.duration(in.idle_us(), "idle_us"), strict.time(in.since_us(), "since_us")};
}

model::RankAbsent read_absent(pb::RankAbsent& in, Strict& strict) {
  return {strict.count(in.rank(), "rank"), take(in.mutable_node())};
}

model::LoneRank read_lone(pb::LoneRank& in, Strict& strict) {
  return {strict.count(in.rank(), "rank"), in.ended(), take(in.mutable_program()),
          take(in.mutable_mpi_library()), take(in.mutable_why_alone())};
}

model::NodeLook read_look(pb::NodeLook& in, Strict& strict) {
  return {strict.count(in.stage(), "stage"), strict.count(in.connected(), "connected"),
          strict.count(in.waiting(), "waiting"),
          strict.each("lone", *in.mutable_lone(), read_lone)};
}

model::EndStep read_end_step(pb::EndStep& in, Strict& strict) {
  return {strict.required(in.has_why(), "why").read(*in.mutable_why(), read_failure<pb::Failure>)};
}

model::HeadMessage read_head(pb::HeadMessage& in, Strict& strict) {
  switch (in.kind_case()) {
    case pb::HeadMessage::kPeerHello:
      return strict.part("peer_hello", *in.mutable_peer_hello(), read_peer_hello);
    case pb::HeadMessage::kClientHello:
      return strict.part("client_hello", *in.mutable_client_hello(), read_client_hello);
    case pb::HeadMessage::kFence:
      return strict.part("fence", *in.mutable_fence(), read_fence);
    case pb::HeadMessage::kModexRequest:
      return strict.part("modex_request", *in.mutable_modex_request(), read_modex_request);
    case pb::HeadMessage::kModexReply:
      return strict.part("modex_reply", *in.mutable_modex_reply(), read_modex_reply);
    case pb::HeadMessage::kNameRequest:
      return strict.part("name_request", *in.mutable_name_request(), read_name_request);
    case pb::HeadMessage::kNameReply:
      return strict.part("name_reply", *in.mutable_name_reply(), read_name_reply);
    case pb::HeadMessage::kRankOutput:
      return strict.part("rank_output", *in.mutable_rank_output(), read_output);
    case pb::HeadMessage::kRankInput:
      return model::RankInput{take(in.mutable_rank_input()->mutable_bytes())};
    case pb::HeadMessage::kRankPlaced:
      return strict.part("rank_placed", *in.mutable_rank_placed(), read_placed);
    case pb::HeadMessage::kNodeEnded:
      return strict.part("node_ended", *in.mutable_node_ended(), read_node_ended);
    case pb::HeadMessage::kWorkDone:
      return model::WorkDone{strict.count(in.work_done().node_index(), "work_done.node_index")};
    case pb::HeadMessage::kEndServers:
      return model::EndServers{};
    case pb::HeadMessage::kEndStep:
      return strict.part("end_step", *in.mutable_end_step(), read_end_step);
    case pb::HeadMessage::kStepSignal:
      return model::StepSignal{
          strict.count(in.step_signal().number(), "step_signal.number", 1, last_signal)};
    case pb::HeadMessage::kWindowSize:
      return strict.part("window_size", *in.mutable_window_size(), read_window<pb::WindowSize>);
    case pb::HeadMessage::kDetach:
      return model::Detach{};
    case pb::HeadMessage::kStepResult:
      return model::StepResult{in.step_result().exit_code(),
                               failure_of(*in.mutable_step_result(), strict)};
    case pb::HeadMessage::kNodeIdle:
      return strict.part("node_idle", *in.mutable_node_idle(), read_node_idle);
    case pb::HeadMessage::kStepHung:
      return strict.part("step_hung", *in.mutable_step_hung(), read_step_hung);
    case pb::HeadMessage::kRankAbsent:
      return strict.part("rank_absent", *in.mutable_rank_absent(), read_absent);
    case pb::HeadMessage::kNodeLook:
      return strict.part("node_look", *in.mutable_node_look(), read_look);
    case pb::HeadMessage::kPortHello:
      return strict.part("port_hello", *in.mutable_port_hello(), read_port_hello);
    case pb::HeadMessage::kPortReply:
      return model::PortReply{take(in.mutable_port_reply()->mutable_why_not())};
    case pb::HeadMessage::kStepNote:
      return model::StepNote{take(in.mutable_step_note()->mutable_text())};
    case pb::HeadMessage::KIND_NOT_SET:
      break;
  }
  strict.wrong("kind", "is missing, or one that this version does not know");
  return model::RankInput{};
}

}  // namespace

std::string encode(const model::HeadMessage& message) {
  pb::HeadMessage out;
  std::visit(
      base::Overloaded{
          [&](const model::PeerHello& m) { write(m, *out.mutable_peer_hello()); },
          [&](const model::ClientHello& m) { write(m, *out.mutable_client_hello()); },
          [&](const model::Fence& m) { write(m, *out.mutable_fence()); },
          [&](const model::ModexRequest& m) { write(m, *out.mutable_modex_request()); },
          [&](const model::ModexReply& m) { write(m, *out.mutable_modex_reply()); },
          [&](const model::NameRequest& m) { write(m, *out.mutable_name_request()); },
          [&](const model::NameReply& m) { write(m, *out.mutable_name_reply()); },
          [&](const model::RankOutput& m) { write(m, *out.mutable_rank_output()); },
          [&](const model::RankInput& m) { out.mutable_rank_input()->set_bytes(m.bytes); },
          [&](const model::RankPlaced& m) { write(m, *out.mutable_rank_placed()); },
          [&](const model::NodeEnded& m) { write(m, *out.mutable_node_ended()); },
          [&](const model::WorkDone& m) {
            out.mutable_work_done()->set_node_index(u32(m.node_index));
          },
          [&](const model::EndServers&) { out.mutable_end_servers(); },
          [&](const model::EndStep& m) {
            write_failure(m.why, *out.mutable_end_step()->mutable_why());
          },
          [&](const model::NodeIdle& m) { write(m, *out.mutable_node_idle()); },
          [&](const model::StepHung& m) {
            write_failure(m.why, *out.mutable_step_hung()->mutable_why());
          },
          [&](const model::RankAbsent& m) { write(m, *out.mutable_rank_absent()); },
          [&](const model::NodeLook& m) { write(m, *out.mutable_node_look()); },
          [&](const model::PortHello& m) { write(m, *out.mutable_port_hello()); },
          [&](const model::PortReply& m) { out.mutable_port_reply()->set_why_not(m.why_not); },
          [&](const model::StepNote& m) { out.mutable_step_note()->set_text(m.text); },
          [&](const model::StepSignal& m) { out.mutable_step_signal()->set_number(u32(m.number)); },
          [&](const model::StepResult& m) { write(m, *out.mutable_step_result()); },
          [&](const model::WindowSize& m) { write_window(m, *out.mutable_window_size()); },
          [&](const model::Detach&) { out.mutable_detach(); }},
      message);
  return serialize(out);
}

base::Result<model::HeadMessage> decode_head(std::string_view bytes) {
  pb::HeadMessage in;
  if (auto parsed = parse(bytes, "message of a step", in); !parsed) {
    return std::unexpected(parsed.error());
  }
  Strict strict(base::Code::corrupt, "message of a step");
  return strict.give(read_head(in, strict));
}

}  // namespace wire
