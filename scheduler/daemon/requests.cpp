#include "scheduler/daemon/requests.h"

#include <utility>

namespace musterd {

void Requests::answer(const scheduler::Reply& reply) {
  if (const auto waiting = waiting_.extract(reply.request)) waiting.mapped()(reply.answer);
}

void Requests::fail_all(const base::Error& error) {
  for (const auto& [request, take] : std::exchange(waiting_, {})) take(std::unexpected(error));
}

}  // namespace musterd
