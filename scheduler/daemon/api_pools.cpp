// Pools of nodes that come and go.

#include <utility>

#include "scheduler/daemon/api.h"

namespace musterd {

void Api::pools(Ask ask) {
  ask.responder.send(json_response(wire::to_json(parts_.driver.engine().pools())));
}

void Api::change_pool(Ask ask) {
  auto change = wire::pool_change_from_json(ask.request.body);
  if (!change) return ask.responder.fail(change.error());
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::ChangePool{request, std::move(ask.user), std::move(*change)};
      },
      [](const scheduler::Answer&) { return std::string("{}"); });
}

}  // namespace musterd
