// Nodes that are evicted, drained and resumed by command.

#include <utility>

#include "scheduler/daemon/api.h"

namespace musterd {

namespace {

std::string no_answer(const scheduler::Answer& /*answer*/) {
  return "{}";
}

}  // namespace

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
        return scheduler::ResumeNodes{request, std::move(ask.user), std::move(order->names)};
      },
      no_answer);
}

}  // namespace musterd
