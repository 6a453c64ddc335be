// Nodes that are evicted, drained, resumed and checked by command.

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "scheduler/core/workspace.h"
#include "scheduler/daemon/api.h"

namespace musterd {

namespace {

std::string no_answer(const scheduler::Answer& /*answer*/) {
  return "{}";
}

base::Result<model::NodeId> node_of(const scheduler::State& state, const std::string& name) {
  const auto found = state.node_by_name.find(name);
  if (found != state.node_by_name.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, id] : state.node_by_name) names.push_back(known);
  return scheduler::no_such("node", name, names);
}

}  // namespace

bool Api::is_in_charge(const model::User& user) const {
  return user.uid == 0 || user.uid == parts_.owner_uid;
}

void Api::check_node(Ask ask) {
  auto order = wire::node_order_from_json(ask.request.body);
  if (!order) return ask.responder.fail(order.error());
  if (!is_in_charge(ask.user)) {
    return ask.responder.fail(
        {base::Code::denied, "only root and the owner of the cluster may have nodes checked"});
  }
  if (order->names.size() != 1)
    return ask.responder.fail({base::Code::invalid, "expected one node to check"});
  const auto node = node_of(parts_.driver.engine().state(), order->names.front());
  if (!node) return ask.responder.fail(node.error());
  parts_.agents.check(
      *node, {.setup = order->setup},
      [responder = ask.responder](const base::Result<model::NodeCondition>& found) mutable {
        if (!found) return responder.fail(found.error());
        responder.send(json_response(wire::to_json(*found)));
      });
}

/// What was found wrong with a node is looked at anew, and what the kernel's log said is over.
void Api::look_again(const std::string& name) {
  const auto& state = parts_.driver.engine().state();
  const auto id = node_of(state, name);
  if (!id) return;
  const auto& condition = state.nodes.at(*id).condition;
  if (condition && (!scheduler::is_fit(state.nodes.at(*id)) || !condition->gpus.empty()))
    parts_.agents.check(*id, {.forget = true}, [](const auto&) {});
}

void Api::node_log(Ask ask) {
  constexpr std::array<std::string_view, 1> known{"node"};
  if (auto fine = check_parameters(ask.request, known); !fine) {
    return ask.responder.fail(fine.error());
  }
  if (!is_in_charge(ask.user)) {
    return ask.responder.fail(
        {base::Code::denied, "only root and the owner of the cluster may read the logs of nodes"});
  }
  const auto node = node_of(parts_.driver.engine().state(),
                            std::string(ask.request.parameter("node").value_or("")));
  if (!node) return ask.responder.fail(node.error());
  auto responder = std::make_shared<http::Responder>(ask.responder);
  const auto asked = parts_.agents.read_node_log(
      *node,
      {.take =
           [responder, text = std::make_shared<std::string>()](const model::LogChunk& chunk) {
             *text += chunk.bytes;
             if (chunk.end) {
               responder->send(
                   {.content_type = "text/plain; charset=utf-8", .body = *text, .headers = {}});
             }
           },
       .lost =
           [responder] {
             responder->fail(
                 {base::Code::unavailable, "the connection to the agent has been lost"});
           }});
  if (!asked) ask.responder.fail(asked.error());
}

void Api::evict_node(Ask ask) {
  auto order = wire::node_order_from_json(ask.request.body);
  if (!order) return ask.responder.fail(order.error());
  if (order->names.size() != 1)
    return ask.responder.fail({base::Code::invalid, "expected one node to evict"});
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::EvictNode{request, std::move(ask.user), order->names.front(),
                                    order->notice};
      },
      no_answer);
}

void Api::drain_nodes(Ask ask) {
  auto order = wire::node_order_from_json(ask.request.body);
  if (!order) return ask.responder.fail(order.error());
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::DrainNodes{request, std::move(ask.user), std::move(order->names),
                                     std::move(order->reason), order->duration};
      },
      no_answer);
}

void Api::resume_nodes(Ask ask) {
  auto order = wire::node_order_from_json(ask.request.body);
  if (!order) return ask.responder.fail(order.error());
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::ResumeNodes{request, std::move(ask.user), order->names};
      },
      [this, names = order->names](const auto& answer) {
        for (const auto& name : names) look_again(name);
        return no_answer(answer);
      });
}

}  // namespace musterd
